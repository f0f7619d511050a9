# Makes a cluster in $3, serves it on port $4 with the options in $5 and says
# "ready"; removes it when
# standard input ends, which it does when the process holding the other end is
# gone, even by kill -9. Runs as the user that owns $3.
umask 077
bin=$1 role=$2 dir=$3 port=$4 options=$5
remove() {
	[ ! -e data/postmaster.pid ] || "$bin/pg_ctl" stop -D data -w -m immediate >>log 2>&1
	rm -rf "$dir"
}
trap remove EXIT
trap 'exit 1' HUP INT TERM
trap : PIPE # nobody is left to hear "ready"
cd "$dir" || exit 1
unset $(env | sed -n 's/^\(PG[A-Z]*\)=.*/\1/p')
export LC_ALL=C

"$bin/initdb" -D data -U "$role" --pwfile=password --auth=scram-sha-256 \
	--no-locale --encoding=UTF8 --no-sync >log 2>&1 &&
	"$bin/pg_ctl" start -D data -w -t 60 -l log -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 $options" >>log 2>&1 ||
	{ tail -n 20 log; exit 1; }
echo ready

read -r _
exit 0
