// Command gateway is an S3 server over a folder, for tests: a module of its own,
// so that what it needs is no part of the program.
package main

import (
	"log"
	"os"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/middlewares"
)

// main serves the folder of the first argument at the address of the second,
// with the key and the secret that follow.
func main() {
	side, err := os.MkdirTemp("", "gateway-")
	if err != nil {
		log.Fatal(err)
	}
	attributes, err := meta.NewSideCar(side)
	if err != nil {
		log.Fatal(err)
	}
	files, err := posix.New(os.Args[1], attributes, posix.PosixOpts{NewDirPerm: 0o755, SideCarDir: side})
	if err != nil {
		log.Fatal(err)
	}
	root := auth.Account{Access: os.Args[3], Secret: os.Args[4], Role: auth.RoleAdmin}
	server, err := s3api.New(files, middlewares.RootUserConfig{Access: root.Access, Secret: root.Secret}, "us-east-1",
		auth.NewIAMServiceSingle(root), nil, nil, nil, nil, s3api.WithQuiet(), s3api.WithConcurrencyLimiter(1000, 1000))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.ServeMultiPort([]string{os.Args[2]}))
}
