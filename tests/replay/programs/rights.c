// SPDX-License-Identifier: MIT
/*
 * A server on an AF_UNIX path hands a pipe to its client by SCM_RIGHTS; the client writes into it. `rights PATH
 * [ROUNDS]`; with ROUNDS it takes a quarter of a second for each.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void descriptor_send(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 'x';
	struct iovec vector = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(int));
	sendmsg(to, &message, 0);
}

static int descriptor_receive(int from)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec vector = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(from, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

static void client(int number)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), pipe_end;
	char text[32] = "client ";

	connect(fd, (struct sockaddr *)&address, sizeof(address));
	text[7] = (char)('0' + number);
	send(fd, text, strlen(text), MSG_NOSIGNAL);
	pipe_end = descriptor_receive(fd);
	write(pipe_end, "through the pipe", 16);
	close(pipe_end);
	close(fd);
	_exit(number);
}

static void serve(int listener)
{
	int fd = accept(listener, NULL, NULL), ends[2];
	char text[64];

	recv(fd, text, sizeof(text), 0);
	pipe2(ends, O_CLOEXEC);
	descriptor_send(fd, ends[1]);
	close(ends[1]);
	while (read(ends[0], text, sizeof(text)) > 0)
		;
	close(ends[0]);
	recv(fd, text, sizeof(text), 0);
	close(fd);
}

int main(int argc, char **argv)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status;

	if (argc < 2)
		return 2;
	strncpy(address.sun_path, argv[1], sizeof(address.sun_path) - 1);
	bind(listener, (struct sockaddr *)&address, sizeof(address));
	listen(listener, 8);
	for (int i = 1; i <= (argc > 2 ? atoi(argv[2]) : 3); i++) {
		if (argc > 2)
			usleep(250000);
		if (!fork())
			client(i);
		serve(listener);
		wait(&status);
	}
	close(listener);
	unlink(argv[1]);
	return 0;
}
