// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// tend takes over the rule files when they change, and the storage directory
// when it can be used again, until ctx is done. It looks at what is in the
// files, which also finds what file systems do not tell of: the symbolic links
// of Kubernetes, network mounts.
func (c *core) tend(ctx context.Context, loaded [sha256.Size]byte) {
	rules, directory := time.NewTicker(c.cfg.EvaluationInterval), time.NewTicker(recoverInterval)
	defer rules.Stop()
	defer directory.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-directory.C:
			if c.health.Has(problemDirectory) {
				c.recover(ctx)
			}
		case <-rules.C:
			if sum := sumRuleFiles(c.cfg.RuleFiles); sum != loaded && c.backend != nil {
				loaded = sum
				c.reload(ctx)
			}
		}
	}
}

// reload takes over the rule files if all is right with all of them.
func (c *core) reload(ctx context.Context) {
	err := validateRuleFiles(c.cfg.RuleFiles)
	if err == nil {
		err = c.backend.evaluator.load()
	}
	outcome := "success"
	if err != nil {
		outcome = "failure"
		c.logger.Error("The rule files have changed and are wrong. The rules are those from before.", zap.Error(err))
	} else {
		c.backend.evaluator.forget()
		c.logger.Info("The rule files have changed; their rules are evaluated from now on.")
	}
	c.telemetry.ProcessorAlertReloads.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
	c.health.Set(problemRules, err, "", "")
}

// sumRuleFiles tells whether the rule files have changed. What cannot be read
// has a sum too.
func sumRuleFiles(patterns []string) (sum [sha256.Size]byte) {
	hash := sha256.New()
	files, err := expandRuleFiles(patterns)
	fmt.Fprintf(hash, "%q %v", files, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		fmt.Fprintf(hash, "%q %v %x", file, err, sha256.Sum256(raw))
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
