// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package otlpreceiver

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/stats"

	"github.com/otelcol-arc/otelcol-arc/receiver/otlpreceiver/internal/elements"
)

// grpcOptions count the elements of a request before it is decoded.
func (b *budgets) grpcOptions() []grpc.ServerOption {
	c := &codec{CodecV2: encoding.GetCodecV2(proto.Name), budgets: b}
	return []grpc.ServerOption{grpc.ForceServerCodecV2(c), grpc.StatsHandler(c)}
}

// codec decodes requests within the budgets. It learns of the end of a request as a
// handler of statistics, to which every request comes, also one that is not authenticated.
type codec struct {
	encoding.CodecV2
	budgets  *budgets
	releases sync.Map // of requests that have been decoded, by the request
}

// Unmarshal decodes a request.
func (c *codec) Unmarshal(data mem.BufferSlice, request any) error {
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	n := elements.InProtobuf(buffer.ReadOnlyData())
	buffer.Free()
	if err := checkSize(n); err != nil {
		return err
	}
	release, err := c.budgets.acquire(context.Background(), n)
	if err != nil {
		return err
	}
	if err = c.CodecV2.Unmarshal(data, request); err != nil {
		release()
		return err
	}
	c.releases.Store(request, release)
	return nil
}

type callKey struct{}

// call is a request that is processed.
type call struct{ release func() }

// TagRPC has the events of a request share what is known of it.
func (*codec) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, callKey{}, &call{})
}

// HandleRPC releases the budget of a request at its end.
func (c *codec) HandleRPC(ctx context.Context, event stats.RPCStats) {
	this, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return
	}
	switch e := event.(type) {
	case *stats.InPayload:
		if release, found := c.releases.LoadAndDelete(e.Payload); found {
			this.release = release.(func())
		}
	case *stats.End:
		if this.release != nil {
			this.release()
		}
	}
}

// TagConn is called for each connection.
func (*codec) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn is called for each connection.
func (*codec) HandleConn(context.Context, stats.ConnStats) {}
