// SPDX-License-Identifier: MIT
/*
 * Calls that succeed although what stands behind a pointer cannot be read, or is shorter than the result says: writes
 * to a device that does not look, receives that discard, lengths longer than their buffer at the end of a page.
 */
#include <fcntl.h>
#include <signal.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

#define PAGE 4096

static char *edge; /* the first byte that is not there */
static char *const bad = (char *)(uintptr_t)0x100000;

static void say(const char *what, long result)
{
	printf("%s: %ld", what, result);
	printf(result == -1 ? " %d\n" : "\n", errno);
}

static void write_where_nobody_looks(void)
{
	int null = must(open("/dev/null", O_RDWR), "open"), other, fds[2];
	struct iovec vector[2] = {{bad, 10}, {edge - 2, 100}};

	say("write", write(null, bad, 100));
	say("write at the edge", write(null, edge - 5, 100));
	say("pwrite", pwrite(null, bad, 100, 0));
	say("writev", writev(null, vector, 2));
	say("pwritev", pwritev(null, vector, 2, 0));
	say("pwritev2", pwritev2(null, vector, 2, 0, 0));
	other = must(open("/dev/zero", O_RDWR), "open");
	say("write to zero", write(other, bad, 100));
	/* the number of what looked before */
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	say("write to a socket", write(fds[0], "abc", 3));
	say("write to a socket", write(fds[0], bad, 3));
	dup2(null, fds[0]);
	say("write to what it is now", write(fds[0], bad, 100));
	close(fds[1]);
	say("fopen", fileno(fopen("/dev/null", "w")) == fds[1]);
	say("write to what stdio opened", write(fds[1], bad, 100));
}

static void receive_beyond_buffer(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int dgram[2], listener, client, server;
	char big[1000] = {1};
	struct iovec vector = {edge - 10, 10};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram), "socketpair");
	for (int i = 0; i < 4; i++)
		send(dgram[0], big, sizeof(big), 0);
	say("recv of more than the buffer", recv(dgram[1], edge - 10, 10, MSG_TRUNC));
	say("recvmsg of more", recvmsg(dgram[1], &message, MSG_TRUNC));
	say("recvfrom of more", recvfrom(dgram[1], edge - 10, 10, MSG_TRUNC | MSG_PEEK, NULL, NULL));
	say("recv of as much", recv(dgram[1], edge - 10, 10, 0));
	say("recvfrom of more", recvfrom(dgram[1], edge - 10, 10, MSG_TRUNC, NULL, NULL));
	listener = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(bind(listener, (struct sockaddr *)&address, size), "bind");
	must(listen(listener, 1), "listen");
	getsockname(listener, (struct sockaddr *)&address, &size);
	client = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(connect(client, (struct sockaddr *)&address, size), "connect");
	server = must(accept(listener, NULL, NULL), "accept");
	send(client, big, sizeof(big), 0);
	say("a stream's bytes thrown away", recv(server, NULL, 500, MSG_TRUNC));
	say("a stream's bytes thrown away", recv(server, bad, 500, MSG_TRUNC));
}

static void lengths_beyond_buffer(void)
{
	struct sockaddr_un name = {AF_UNIX, "a-name-of-more-than-sixteen-bytes"};
	socklen_t *size = (socklen_t *)(edge - 4), on_stack = 4;
	int dgram = must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket"), stream, netlink, value = 30;
	char byte;
	struct iovec vector = {&byte, 1};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_name = edge - 4, .msg_namelen = 4};
	struct mmsghdr messages = {message, 0};

	unlink(name.sun_path);
	must(bind(dgram, (struct sockaddr *)&name, sizeof(name)), "bind");
	*size = 3;
	say("getsockname", getsockname(dgram, (struct sockaddr *)(edge - 4 - 3), size));
	say("its length", *size);
	say("getsockname", getsockname(dgram, (struct sockaddr *)(edge - 4), &on_stack));
	say("its length", on_stack);
	for (int i = 0; i < 3; i++)
		sendto(dgram, "x", 1, 0, (struct sockaddr *)&name, sizeof(name));
	on_stack = 4;
	say("recvfrom", recvfrom(dgram, &byte, 1, 0, (struct sockaddr *)(edge - 4), &on_stack));
	say("its length", on_stack);
	say("recvmsg", recvmsg(dgram, &message, 0));
	say("its length", message.msg_namelen);
	say("recvmmsg", recvmmsg(dgram, &messages, 1, 0, NULL));
	say("its length", messages.msg_hdr.msg_namelen);
	on_stack = 2;
	say("getsockopt", getsockopt(dgram, SOL_SOCKET, SO_TYPE, edge - 2, &on_stack));
	netlink = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), "socket");
	setsockopt(netlink, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &value, sizeof(value));
	on_stack = 0;
	say("getsockopt of a list", getsockopt(netlink, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, edge, &on_stack));
	say("its length", on_stack);
	stream = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	must(bind(stream, (struct sockaddr *)&name, sizeof(sa_family_t)), "bind");
	listen(stream, 1);
	on_stack = sizeof(name);
	getsockname(stream, (struct sockaddr *)&name, &on_stack);
	int client = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	must(connect(client, (struct sockaddr *)&name, on_stack), "connect");
	on_stack = 1;
	say("accept", accept(stream, (struct sockaddr *)(edge - 1), &on_stack) >= 0);
}

static void pointers_not_looked_at(void)
{
	int epoll = must(epoll_create1(0), "epoll_create1"), fds[2], set;
	struct epoll_event event = {EPOLLIN, {.fd = 0}};
	pid_t child = fork();
	siginfo_t info;

	if (child == 0) {
		pause();
		_exit(0);
	}
	say("waitpid", waitpid(child, (int *)bad, WNOHANG));
	say("wait4", wait4(child, (int *)bad, WNOHANG, NULL));
	say("waitid", waitid(P_PID, (id_t)child, &info, WNOHANG | WEXITED));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	say("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
	say("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_DEL, fds[0], (struct epoll_event *)bad));
	say("recv of nothing", recv(fds[0], bad, 0, MSG_DONTWAIT));
	say("send of nothing", send(fds[0], bad, 0, 0));
	say("read of nothing", read(fds[0], bad, 0) == -1);
	set = must(semget(IPC_PRIVATE, 1, 0600), "semget");
	say("semctl", semctl(set, 0, GETVAL, bad));
	say("semctl", semctl(set, 0, IPC_RMID, bad));
	say("fcntl", fcntl(fds[0], F_GETFD, bad));
}

int main(void)
{
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	signal(SIGPIPE, SIG_IGN);
	must(munmap(pages + PAGE, PAGE), "munmap");
	edge = pages + PAGE;
	write_where_nobody_looks();
	receive_beyond_buffer();
	lengths_beyond_buffer();
	pointers_not_looked_at();
	fact_made("write", 7);
	fact_made("recvmmsg", 1);
	fact_made("epoll_ctl", 2);
	return 0;
}
