// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"crypto/sha256"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
)

// maintain reloads the rule files when they change, and switches back to the storage
// directory when it can be used again, until ctx is done. It compares the content of
// the files, which also finds changes that file systems do not notify of: symbolic
// links of Kubernetes, network mounts.
func (c *core) maintain(ctx context.Context, loaded [sha256.Size]byte) {
	rules, directory := time.NewTicker(c.cfg.EvaluationInterval), time.NewTicker(recoverInterval)
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	defer rules.Stop()
	defer directory.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-directory.C:
			if c.health.Has(problemDirectory) {
				c.reopenStorage(ctx)
			}
		case <-minute.C:
			c.checkSampleTimes()
		case <-rules.C:
			c.checkClock(ctx)
			if sum := evaluate.ChecksumFiles(c.cfg.RuleFiles); sum != loaded && c.backend != nil {
				loaded = sum
				c.reload(ctx)
			}
		}
	}
}

// reload applies the rule files if all of them are valid.
func (c *core) reload(ctx context.Context) {
	err := evaluate.ValidateFiles(c.cfg.RuleFiles)
	if err == nil {
		err = c.backend.evaluator.Load(ctx)
	}
	outcome := "success"
	if err != nil {
		outcome = "failure"
		c.logger.Error("Reloading rule files failed; previous rules stay active", zap.Error(err))
	} else {
		c.backend.evaluator.Prune()
		c.reportRules("Reloaded rule files")
		c.reportEmptyPatterns()
	}
	c.telemetry.ProcessorAlertReloads.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
	c.health.Set(problemRules, err, "", "")
}

// reportEmptyPatterns logs which patterns match no file any more. Those that match
// none when the configuration is loaded are reported then, by the converter.
func (c *core) reportEmptyPatterns() {
	for _, pattern := range rulecheck.EmptyPatterns(c.cfg.RuleFiles) {
		directory, err := os.Getwd()
		if err != nil {
			directory = err.Error()
		}
		c.logger.Warn("No rule file matches the pattern", zap.String("rule_files", pattern), zap.String("working_directory", directory))
	}
}

// reportRules logs how many rules are active, and from which files.
func (c *core) reportRules(message string) {
	var rules int
	groups := c.backend.evaluator.RuleGroups()
	for _, group := range groups {
		rules += len(group.Rules())
	}
	files, err := rulecheck.ExpandFiles(c.cfg.RuleFiles)
	if err != nil { // loaded a moment ago
		c.logger.Warn("Listing rule files failed", zap.Error(err))
	}
	c.logger.Info(message, zap.Int("groups", len(groups)), zap.Int("rules", rules), zap.Int("event_rules", len(c.cfg.Events)), zap.Strings("files", files))
}
