// SPDX-License-Identifier: MIT
/*
 * Pipes, socket pairs, datagrams, eventfd, memory and a POSIX queue between two processes; waits by poll, select and
 * epoll. Reads a file and writes to standard output, which a replay can only play.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int pair[2], grams[2], pipe_ends[2], event;
static mqd_t queue;

static void child(void)
{
	struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = 7}, got;
	char text[256], a[8], b[8];
	struct iovec vector[] = {{a, sizeof(a)}, {b, sizeof(b)}};
	int set = epoll_create1(EPOLL_CLOEXEC);
	unsigned priority;

	close(pair[0]);
	close(pipe_ends[0]);
	epoll_ctl(set, EPOLL_CTL_ADD, pair[1], &wanted);
	for (int i = 0; i < 5; i++) {
		epoll_wait(set, &got, 1, -1);
		readv(pair[1], vector, 2);
		dprintf(pipe_ends[1], "round %d", i);
		write(pipe_ends[1], text, (size_t)snprintf(text, sizeof(text), "round %d", i));
	}
	epoll_ctl(set, EPOLL_CTL_DEL, pair[1], NULL);
	recv(grams[1], text, sizeof(text), 0);
	recv(grams[1], text, sizeof(text), MSG_DONTWAIT);
	mq_receive(queue, text, sizeof(text), &priority);
	write(event, &(uint64_t){3}, 8);
	write(event, &(uint64_t){4}, 8);
	close(pipe_ends[1]);
	_exit(5);
}

static void parent(void)
{
	struct pollfd wait = {.fd = pipe_ends[0], .events = POLLIN};
	struct timeval soon = {5, 0};
	char text[256];
	uint64_t count;
	fd_set set;

	close(pair[1]);
	close(pipe_ends[1]);
	for (int i = 0; i < 5; i++) {
		send(pair[0], "sixteen bytes...", 16, MSG_NOSIGNAL);
		poll(&wait, 1, -1);
		read(pipe_ends[0], text, 7);
	}
	usleep(2000);
	send(grams[0], "one datagram", 12, 0);
	mq_send(queue, "by the queue", 12, 3);
	FD_ZERO(&set);
	FD_SET(event, &set);
	select(event + 1, &set, NULL, NULL, &soon);
	read(event, &count, sizeof(count));
	while (read(pipe_ends[0], text, sizeof(text)) > 0)
		;
}

int main(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 256};
	char text[64], name[32], *memory;
	int file = open("/etc/hostname", O_RDONLY), copy, status;

	read(file, text, sizeof(text));
	copy = dup(file);
	close(file);
	close(copy);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, grams);
	pipe(pipe_ends);
	event = eventfd(0, EFD_CLOEXEC);
	snprintf(name, sizeof(name), "/plumbing.%d", (int)getpid());
	queue = mq_open(name, O_CREAT | O_RDWR, 0600, &attributes);
	memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memory[0] = 1;
	if (!fork())
		child();
	parent();
	waitpid(-1, &status, 0);
	close(-1);
	munmap(memory, 65536);
	mq_close(queue);
	mq_unlink(name);
	write(1, "done\n", 5);
	return 0;
}
