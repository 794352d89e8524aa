// SPDX-License-Identifier: MIT
/*
 * Makes the calls that have a short way in the tracer, in all that can be unusual about them: lengths around words and
 * around what is kept, failures, addresses that are none, and, between entry and return, a signal handler that calls,
 * forks or jumps away.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST 5000

ssize_t __send(int fd, const void *bytes, size_t size, int flags);
ssize_t __read(int fd, void *bytes, size_t size);
ssize_t __write(int fd, const void *bytes, size_t size);
ssize_t __pwrite64(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __pread64(int fd, void *bytes, size_t size, off_t offset);

static const size_t sizes[] = {0,  1,  2,  3,  4,  5,  6,   7,	 8,    9,    15,   16,
			       17, 31, 33, 63, 64, 65, 100, 128, 3071, 3072, 4096, LONGEST};
static char out[LONGEST], in[LONGEST];
static int pair[2], file;
static enum { SENDS, FORKS, JUMPS } handler_does;
static sigjmp_buf place;

static void handle(int number)
{
	if (handler_does == JUMPS)
		siglongjmp(place, 1);
	if (handler_does == FORKS && fork() == 0) {
		send(pair[0], "child", 5, 0);
		return; /* into the call, which is started again */
	}
	if (handler_does == SENDS)
		send(pair[0], "handler", 7, 0);
	else
		wait(NULL);
}

static void interrupt(int what)
{
	struct itimerval soon = {.it_value.tv_usec = 20000};
	pid_t self = getpid();

	handler_does = what;
	if (!sigsetjmp(place, 1)) {
		setitimer(ITIMER_REAL, &soon, NULL);
		recv(pair[1], in, 7, 0);
	}
	if (getpid() != self) {
		send(pair[0], "parent", 6, 0);
		_exit(0);
	}
}

static void move_all_sizes(void)
{
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (i & 4)
			(i & 1 ? __write : write)(pair[0], out, sizes[i]);
		else
			(i & 1 ? __send : send)(pair[0], out, sizes[i], 0);
		(i & 1 ? pwrite : __pwrite64)(file, out, sizes[i], 0);
		if (sizes[i] && i % 3 == 0)
			recv(pair[1], in, sizes[i], MSG_PEEK);
		if (sizes[i])
			i & 1	? recv(pair[1], in, sizeof(in), 0)
			: i & 2 ? read(pair[1], in, sizeof(in))
				: __read(pair[1], in, sizeof(in));
		(i & 1 ? pread : __pread64)(file, in, sizes[i], i);
	}
}

int main(void)
{
	char name[] = "/tmp/ipctrace-pass-XXXXXX";
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
	int datagrams[2];

	for (unsigned i = 0; i < LONGEST; i++)
		out[i] = (char)('a' + i % 23);
	file = mkstemp(name);
	unlink(name);
	if (file < 0 || write(file, out, LONGEST) != LONGEST || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams))
		return 1;
	move_all_sizes();
	recv(-1, in, 8, 0);
	recv(pair[1], in, 8, MSG_DONTWAIT);
	send(pair[0], (void *)16, 8, 0);
	read(file, NULL, 0);
	pread(file, in, 8, LONGEST);
	write(open("/dev/null", O_WRONLY), (void *)8192, 8); /* is not read by what takes it */
	send(datagrams[0], out, 300, 0);
	recv(datagrams[1], in, 20, MSG_TRUNC); /* returns 300, of which 20 are there */
	sigaction(SIGALRM, &action, NULL);
	interrupt(SENDS);
	interrupt(FORKS);
	interrupt(JUMPS);
	send(pair[0], "end", 3, 0);
	return 0;
}
