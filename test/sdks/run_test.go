//go:build sdks

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sdks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/test/sdks/modelserver"
)

var (
	core   = flag.Bool("core", false, "run the pairs of the core only")
	newest = flag.Bool("newest", false, "run with the newest packages, and report what differs from results.json")
	replay = flag.Bool("replay", false, "send what the last run of each pair recorded, instead of running its driver")
	write  = flag.Bool("write", false, "write results.json and docs/compatibility.md instead of comparing with them")
)

const (
	driverTimeout = 3 * time.Minute
	// rest is how long the list of calls must not change until it counts.
	rest = 500 * time.Millisecond
	// restTimeout bounds the wait for that.
	restTimeout = 20 * time.Second
)

// TestPairs runs the pairs of pairs.yaml. A cell that is wrong and not
// explained there, or that was right in results.json and is not now, fails.
func TestPairs(t *testing.T) {
	pairs, err := Pairs()
	require.NoError(t, err)
	committed, err := Results()
	require.NoError(t, err)
	var mu sync.Mutex
	measured := map[string]Result{}
	var problems []string
	t.Run("pair", func(t *testing.T) {
		for _, pair := range pairs {
			if *core && !pair.Core {
				continue
			}
			t.Run(pair.Name, func(t *testing.T) {
				t.Parallel()
				result := runPair(t, &pair)
				mu.Lock()
				measured[pair.Name] = result
				var written error
				if *write { // after each pair: the run takes long, and may be ended
					written = WriteResults(pairs, committed, measured)
				}
				mu.Unlock()
				require.NoError(t, written)
				before := committed[pair.Name]
				if !*newest {
					mu.Lock()
					for _, problem := range Problems(&pair, before, result, *write) {
						problems = append(problems, pair.Name+": "+problem)
					}
					mu.Unlock()
				}
				if result.Skipped != "" {
					t.Skip(result.Skipped)
				}
				t.Log(result.String())
				for _, change := range Changes(before, result) {
					t.Log(change)
				}
			})
		}
	})
	// Reported here: a pair that fails prints all that its collector logged.
	for _, problem := range problems {
		t.Error(problem)
	}
	ran := 0
	for _, result := range measured {
		if result.Skipped == "" {
			ran++
		}
	}
	require.Positive(t, ran, "no pair could be run")
}

// runPair measures one pair with a collector and a model server of its own.
func runPair(t *testing.T, pair *Pair) Result {
	t.Helper()
	home := environment(pair)
	install(t, pair)
	if reason := unavailable(home); reason != "" {
		return Result{Skipped: reason}
	}
	versions, err := installed(t.Context(), pair, home)
	require.NoError(t, err)

	directory := t.TempDir()
	captureFile := filepath.Join(directory, "capture.json")
	var unknown []string
	var mu sync.Mutex
	models := modelserver.New(func(method, path string) {
		mu.Lock()
		defer mu.Unlock()
		unknown = append(unknown, method+" "+path)
	})
	server := httptest.NewServer(models)
	t.Cleanup(server.Close)
	grpc, otlp, api := collector.FreeAddress(t), collector.FreeAddress(t), collector.FreeAddress(t)
	collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "yaml:" + overlay(captureFile)},
		Set: []string{
			"receivers::otlp::protocols::grpc::endpoint=" + grpc,
			"receivers::otlp::protocols::http::endpoint=" + otlp,
			"receivers::arc::endpoint=" + collector.FreeAddress(t),
			"extensions::dashboard::endpoint=" + api,
			"exporters::prometheus::endpoint=" + collector.FreeAddress(t),
			"service::telemetry::metrics::level=none",
		},
	})

	if *replay {
		calls := replayCapture(t, pair, "http://"+otlp)
		found := callsAtRest(t, api)
		capture, err := readCapture(captureFile)
		require.NoError(t, err)
		return Result{Versions: versions, Cells: Compare(calls, found, capture)}
	}
	output, driverErr := runDriver(t, pair, home, directory, map[string]string{
		"MODELS":                      server.URL,
		"INSTRUMENT":                  strings.Join(pair.Instrument, ","),
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + otlp,
		"OTLP_GRPC":                   grpc,
	})
	found := callsAtRest(t, api)
	capture, err := readCapture(captureFile)
	require.NoError(t, err)
	calls := models.Calls()
	keep(t, pair, capture, calls, found, output)
	if driverErr != nil {
		return Result{Versions: versions, Skipped: fmt.Sprintf("does not run with %s: %s", versionList(pair, versions), lastError(output))}
	}
	if len(calls) == 0 {
		t.Logf("driver:\n%s", output)
		require.NotEmpty(t, calls, "the driver made no call")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(unknown) > 0 {
		t.Logf("paths that the model server does not know: %v", unknown)
	}
	return Result{Versions: versions, Cells: Compare(calls, found, capture)}
}

// lastError is the last line of a driver's output that names an error, or the last.
func lastError(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for _, line := range slices.Backward(lines) {
		if strings.Contains(line, "Error") {
			return line
		}
	}
	return lines[len(lines)-1]
}

// overlay adds dimensions, and a copy of what arrives, to the default configuration.
func overlay(captureFile string) string {
	return fmt.Sprintf(`
processors:
  llm_cost: {dimensions: [service.name, gen_ai.agent.name, user.id, session.id, gen_ai.conversation.id], metrics_interval: 200ms}
exporters:
  file/capture: {path: %s, flush_interval: 100ms}
service:
  pipelines:
    traces/capture: {receivers: [otlp], exporters: [file/capture]}
    logs/capture: {receivers: [otlp], exporters: [file/capture]}
    metrics/capture: {receivers: [otlp], exporters: [file/capture]}
`, captureFile)
}

// environment is the directory that install.sh makes for a pair's group.
func environment(pair *Pair) string {
	base, language := "sdks", "python"
	if *newest {
		base = "sdks-newest"
	}
	if pair.Node() {
		language = "node"
	}
	return filepath.Join(collector.Root(), "build", base, language, pair.Group)
}

// installing is held by whoever installs: two would only wait for each other.
var installing sync.Mutex

func install(t *testing.T, pair *Pair) {
	t.Helper()
	installing.Lock()
	defer installing.Unlock()
	language := "python"
	if pair.Node() {
		language = "node"
	}
	arguments := []string{language, pair.Group}
	if *newest {
		if newestInstalled[pair.Group] {
			return
		}
		newestInstalled[pair.Group] = true
		arguments = append(arguments, "newest")
	}
	output, err := exec.CommandContext(t.Context(), filepath.Join(collector.Root(), "test", "sdks", "install.sh"), arguments...).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// newestInstalled are the groups that were made in this run.
var newestInstalled = map[string]bool{}

// unavailable is why install.sh could not make an environment.
func unavailable(home string) string {
	if reason, err := os.ReadFile(home + ".unavailable"); err == nil {
		return "not installed: " + strings.TrimSpace(string(reason))
	}
	return ""
}

func python(home string) string { return filepath.Join(home, "bin", "python") }

// installed asks the environment for the versions of a pair's packages.
func installed(ctx context.Context, pair *Pair, home string) (map[string]string, error) {
	versions := map[string]string{}
	if pair.Node() {
		for _, name := range pair.Packages {
			content, err := os.ReadFile(filepath.Join(home, "node_modules", name, "package.json"))
			if err != nil {
				return nil, err
			}
			var manifest struct{ Version string }
			if err := json.Unmarshal(content, &manifest); err != nil {
				return nil, err
			}
			versions[name] = manifest.Version
		}
		return versions, nil
	}
	const ask = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
	output, err := exec.CommandContext(ctx, python(home), append([]string{"-c", ask}, pair.Packages...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("versions of %v: %w", pair.Packages, err)
	}
	return versions, json.Unmarshal(output, &versions)
}

// runDriver runs a driver in a directory of its own, with nothing of this
// process's environment but PATH.
func runDriver(t *testing.T, pair *Pair, home, directory string, env map[string]string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), driverTimeout)
	defer cancel()
	drivers := filepath.Join(collector.Root(), "test", "sdks", "drivers")
	var cmd *exec.Cmd
	if pair.Node() {
		// Node looks for packages next to the driver, so the driver goes to them.
		script := filepath.Join(home, pair.Driver)
		for _, name := range []string{pair.Driver, "telemetry.mjs"} {
			content, err := os.ReadFile(filepath.Join(drivers, "node", name))
			require.NoError(t, err)
			replace(t, filepath.Join(home, name), content)
		}
		cmd = exec.CommandContext(ctx, "node", script)
	} else {
		cmd = exec.CommandContext(ctx, python(home), filepath.Join(drivers, "python", pair.Driver))
	}
	cmd.Dir = directory
	cmd.WaitDelay = time.Second
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + directory, "PYTHONDONTWRITEBYTECODE=1", "NO_PROXY=*", "PWD=" + directory,
		"GROUP=" + home,
		"OTEL_SERVICE_NAME=" + pair.Name, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=200",
		"OPENAI_API_KEY=sk-standin", "ANTHROPIC_API_KEY=sk-ant-standin", "GEMINI_API_KEY=standin", "GOOGLE_API_KEY=standin",
		"MISTRAL_API_KEY=standin", "CO_API_KEY=standin", "COHERE_API_KEY=standin",
		"AWS_ACCESS_KEY_ID=standin", "AWS_SECRET_ACCESS_KEY=standin", "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
	}
	for _, vars := range []map[string]string{env, pair.Env} {
		for name, value := range vars {
			cmd.Env = append(cmd.Env, name+"="+os.Expand(value, func(key string) string {
				if v, ok := env[key]; ok {
					return v
				}
				return map[string]string{"GROUP": home}[key]
			}))
		}
	}
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// replace writes a file that a driver of another pair may be reading now.
func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	if now, err := os.ReadFile(path); err == nil && string(now) == string(content) {
		return
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "driver-*")
	require.NoError(t, err)
	_, err = temporary.Write(content)
	require.NoError(t, errors.Join(err, temporary.Close(), os.Rename(temporary.Name(), path)))
}

// callsAtRest is the list of calls once it no longer changes.
func callsAtRest(t *testing.T, address string) []Found {
	t.Helper()
	last, since, end := listCalls(t, address), time.Now(), time.Now().Add(restTimeout)
	for time.Since(since) < rest && time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
		now := listCalls(t, address)
		if !reflect.DeepEqual(now, last) {
			last, since = now, time.Now()
		}
	}
	return last
}

func listCalls(t *testing.T, address string) []Found {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/api/calls?limit=1000", http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	var body struct{ Data []Found }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&body))
	return body.Data
}

func captureDirectory(pair *Pair) string {
	return filepath.Join(collector.Root(), "build", "sdks-captures", pair.Name)
}

// replayCapture sends what keep has left of the last run, in the same order, and
// returns the true calls of that run.
func replayCapture(t *testing.T, pair *Pair, endpoint string) []modelserver.Call {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(captureDirectory(pair), "true.json"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("nothing was recorded")
	}
	require.NoError(t, err)
	var calls []modelserver.Call
	require.NoError(t, json.Unmarshal(content, &calls))
	if len(calls) == 0 {
		t.Skip("the driver did not run")
	}
	for i := 1; ; i++ {
		files, err := filepath.Glob(filepath.Join(captureDirectory(pair), fmt.Sprintf("%d-*.json", i)))
		require.NoError(t, err)
		if len(files) == 0 {
			return calls
		}
		body, err := os.ReadFile(files[0])
		require.NoError(t, err)
		signal := strings.TrimSuffix(filepath.Base(files[0])[len(fmt.Sprintf("%d-", i)):], ".json")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+"/v1/"+signal, bytes.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode, files[0])
	}
}

// keep leaves what was sent, used and found in build/sdks-captures, for whoever
// looks for the reason of a wrong cell.
func keep(t *testing.T, pair *Pair, capture *Capture, calls []modelserver.Call, found []Found, output string) {
	t.Helper()
	directory := captureDirectory(pair)
	require.NoError(t, os.RemoveAll(directory))
	require.NoError(t, os.MkdirAll(directory, 0o750))
	for i, request := range capture.Requests {
		signal := "traces"
		for _, s := range []string{"metrics", "logs"} {
			if strings.HasPrefix(string(request), `{"resource`+strings.ToUpper(s[:1])+s[1:]) {
				signal = s
			}
		}
		require.NoError(t, os.WriteFile(filepath.Join(directory, fmt.Sprintf("%d-%s.json", i+1, signal)), request, 0o600))
	}
	for name, value := range map[string]any{"true.json": calls, "found.json": found} {
		content, err := json.MarshalIndent(value, "", " ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(directory, name), content, 0o600))
	}
	assert.NoError(t, os.WriteFile(filepath.Join(directory, "driver.log"), []byte(output), 0o600))
}
