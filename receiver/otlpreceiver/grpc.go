// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package otlpreceiver

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// grpcOptions admit a request before it is decoded.
func (b *budgets) grpcOptions() []grpc.ServerOption {
	c := &codec{CodecV2: encoding.GetCodecV2(proto.Name), budgets: b}
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(c),
		grpc.StatsHandler(c),
		grpc.ChainUnaryInterceptor(rejectUndecoded),
		grpc.ConnectionTimeout(handshakeTimeout),
	}
}

// handshakeTimeout is how long TLS and the HTTP/2 preface of a connection may take.
// gRPC's own limit is 120 s.
const handshakeTimeout = 20 * time.Second

// codec decodes requests within the budgets. It learns of the end of a request as a
// handler of statistics, to which every request comes, also one that is not authenticated.
type codec struct {
	encoding.CodecV2
	budgets *budgets
	decoded sync.Map // outcome of decoding, by the request
}

// outcome is what became of a request in Unmarshal. Either is set.
type outcome struct {
	release func() // of its budget
	err     error  // why it was not decoded
}

// Unmarshal decodes a request. gRPC makes INTERNAL of its errors, after which nobody
// sends again; so what is not decoded for its size is remembered, and rejected by
// rejectUndecoded.
func (c *codec) Unmarshal(data mem.BufferSlice, request any) error {
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	release, err := c.budgets.admit(context.Background(), buffer.ReadOnlyData(), false)
	if err != nil {
		c.decoded.Store(request, outcome{err: rejection(err)})
		return nil
	}
	// In one piece, it is not put together a second time.
	if err = c.CodecV2.Unmarshal(mem.BufferSlice{buffer}, request); err != nil {
		release()
		return err
	}
	c.decoded.Store(request, outcome{release: release})
	return nil
}

// rejection has the sender send again if the receiver was busy, as OTLP specifies for
// UNAVAILABLE.
func rejection(err error) error {
	if !errors.Is(err, errBusy) {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	s, detailed := status.New(codes.Unavailable, err.Error()).WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
	if detailed != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	return s.Err()
}

// rejectUndecoded responds to requests that were not decoded.
func rejectUndecoded(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if this, ok := ctx.Value(callKey{}).(*call); ok && this.err != nil {
		return nil, this.err
	}
	return next(ctx, request)
}

type callKey struct{}

// call is a request that is processed.
type call struct{ outcome }

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
		if found, ok := c.decoded.LoadAndDelete(e.Payload); ok {
			this.outcome = found.(outcome)
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
