// Replaces the module of this name in the build, see doc.go.
module go.opentelemetry.io/collector/config/confignet

go 1.26.0

require (
	github.com/Microsoft/go-winio v0.6.4
	github.com/stretchr/testify v1.12.1
)
