// Command akashi turns the logs of file servers into access records and
// answers who touched which file.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/akashi-audit/akashi/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Run(ctx, cli.Env{Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Args: os.Args[1:]})
}
