// Package rail is where money leaves and enters: files for the bank are put where
// it picks them up, in a folder or on its SFTP server, and files from the bank are
// taken in. A file for the bank is whole or absent, is never put over another, and
// is handed over at most once, whenever the program is killed or the line breaks:
// where that cannot be known, a person is asked. A file from the bank is never
// deleted by us.
//
// It knows nothing of contracts and reads no file's content.
package rail

import "errors"

// Bank is where files to and from the lender's bank pass: Folder or *SFTP.
type Bank interface {
	// Drop hands a file over to the bank. The same name with the same content again
	// does nothing; with other content it is ErrTaken.
	Drop(name string, content []byte) error
	// Waiting reads what the bank has left and nobody has dealt with, by name.
	Waiting() ([]File, error)
	// Done puts a file away that has been read, Refuse one that a person has to look at.
	Done(name string) error
	Refuse(name string) error
	// String says where files for the bank are put.
	String() string
	Close() error
}

// File is a file from the bank. With an Err it is one that could not be taken in
// and stays where it is; its Name is then for people only.
type File struct {
	Name    string
	Content []byte
	Err     error
}

var (
	// ErrTaken says that another file has the name already.
	ErrTaken = errors.New("another file has this name")
	// ErrUnclear says that nobody but the bank can know whether it has a file.
	ErrUnclear = errors.New("only the bank can say whether it has this file")
	// ErrHostKey says that a server did not prove to be the bank's. Nothing was sent.
	ErrHostKey = errors.New("the server's host key is not the bank's")
)
