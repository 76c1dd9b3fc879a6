#!/bin/sh
# Attacks the built program with the shipped files: everything that the table
# "Hostile input" of docs/reliability.md names and that runs against bin/otelcol-arc,
# then the fuzz tests of what strangers reach. Each part has a limit of time, and
# all run, whatever fails before.
set -u
cd "$(dirname "$0")/.." || exit 1
export ARC_ATTACK=1
failed=

part() { # NAME COMMAND...
	name=$1
	shift
	echo "== $name"
	"$@" || failed="$failed $name"
}

e2e() { # LIMIT REGEXP
	go test -count=1 -timeout "$1" -run "^Test($2)\$" ./test/e2e
}

part "forged telemetry" e2e 3m 'ForeignMetrics|ForgedAlerts|CrossSiteRequests|OpenDashboard|CountingCannotBeDodged|ForeignIDsFirst'
part "sizes and depths" e2e 6m 'LargeOTLPRequests|Bombs|Rubbish'
part "strangers" e2e 5m 'StrangersKeepNobodyOut|ListenersDisconnectStrangers|StrangersAreRefused|GuessedPasswords'
part "files and clocks" e2e 6m 'FilesThatAreNotFiles|ClockWasADayAhead|SenderIsAnHourBehind'
part "signals" e2e 4m 'ReloadWithAWrongConfiguration|ReloadWhileStarting|ReloadThatCannotStart|ReloadGoesOnCounting|StopsWithHangingBackends|TerminatedWithEveryBackendDown'
part "kills and flipped bits" env ARC_KILLS="${KILLS:-100}" ARC_FLIPS="${FLIPS:-100}" go test -count=1 -timeout 8m -run '^Test(KilledAtAnyMoment|FlippedBitInTheStorage)$' ./test/e2e
part "each bit flipped" go test -count=1 -timeout 3m -run '^Test(EachBitFlipped|CutAnywhere|KilledAfterEachWriteOfTheStart)$' ./extension/walstorageextension/internal/wal ./internal/persistentqueue
part "files that hang" go test -count=1 -timeout 1m ./internal/configfile
part "connections" go test -count=1 -timeout 1m go.opentelemetry.io/collector/config/confignet
part "hostile events" go test -count=1 -timeout 3m -run '^TestHostileInput$' ./receiver/arcreceiver
part "fuzzed metrics" go test -timeout 3m -run '^$' -fuzz '^FuzzPage$' -fuzztime "${FUZZTIME:-30s}" ./processor/metricguardprocessor
part "fuzzed events" go test -timeout 3m -run '^$' -fuzz '^FuzzServe$' -fuzztime "${FUZZTIME:-30s}" ./receiver/arcreceiver

if [ -n "$failed" ]; then
	echo "failed:$failed" >&2
	exit 1
fi
