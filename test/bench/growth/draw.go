// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Each color has a shape of its own, so that the lines are distinguishable without
// colors.
var (
	colors = []color.Color{
		color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
		color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
		color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
		color.RGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
		color.RGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
		color.RGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff},
		color.Black,
	}
	shapes = []draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.PyramidGlyph{}, draw.SquareGlyph{}, draw.CrossGlyph{}, draw.TriangleGlyph{}, draw.RingGlyph{}, draw.PlusGlyph{},
	}
)

// draw draws the medians over the sizes, with bars from the second smallest
// to the second largest measurement. Sizes are on a logarithmic axis, costs on one from zero,
// or, where they are wide apart, on a logarithmic one.
func (g growth) draw(drawn map[string][]point, path string) error {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = g.title, g.x, g.y
	if g.unit(0) != share(0) {
		p.Y.Label.Text += ", µs"
	}
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, ticks(drawn)
	p.Legend.Top, p.Legend.Left = true, true
	least, most := math.Inf(1), 0.0
	for i, l := range g.lines {
		points := drawn[l.name]
		xys := make(plotter.XYs, len(points))
		spread := make(plotter.YErrors, len(points))
		for j, pt := range points {
			xys[j].X, xys[j].Y = float64(pt.size), pt.cost.Median()
			low, high := pt.cost[1], pt.cost[len(pt.cost)-2]
			spread[j].Low, spread[j].High = pt.cost.Median()-low, high-pt.cost.Median()
			least, most = min(least, low), max(most, high)
		}
		lines, scatter, err := plotter.NewLinePoints(xys)
		if err != nil {
			return err
		}
		bars, err := plotter.NewYErrorBars(struct {
			plotter.XYs
			plotter.YErrors
		}{xys, spread})
		if err != nil {
			return err
		}
		lines.Color, scatter.Color, bars.Color = colors[i], colors[i], colors[i]
		scatter.Shape = shapes[i]
		p.Add(lines, scatter, bars)
		p.Legend.Add(l.name, lines, scatter)
	}
	p.Y.Min, p.Y.Max = 0, most*1.4 // room for the legend
	if g.wide {
		p.Y.Min, p.Y.Max = least/2, most*1000
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	p.X.Max *= 1.5 // and for the last size
	return p.Save(16*vg.Centimeter, 10*vg.Centimeter, path)
}

// ticks are the sizes that were measured.
func ticks(drawn map[string][]point) plot.ConstantTicks {
	var marks plot.ConstantTicks
	for _, points := range drawn {
		for _, pt := range points {
			mark := plot.Tick{Value: float64(pt.size), Label: grouped(pt.size)}
			if !slices.Contains(marks, mark) {
				marks = append(marks, mark)
			}
		}
	}
	return marks
}
