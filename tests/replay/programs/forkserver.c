// SPDX-License-Identifier: MIT
/*
 * Eight workers accept on one listener; clients, processes of their own, send a line each and get it back in capitals.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 8
#define CLIENTS 24

static struct sockaddr_in address = {.sin_family = AF_INET};

static void work(int listener)
{
	char text[128];
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		ssize_t size = recv(fd, text, sizeof(text), 0);
		bool last = size > 0 && text[0] == 'q';
		for (ssize_t i = 0; i < size; i++)
			text[i] = (char)toupper(text[i]);
		send(fd, text, (size_t)size, MSG_NOSIGNAL);
		close(fd);
		if (last)
			_exit(0);
	}
	_exit(1);
}

static void visit(const char *line)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char text[128];

	connect(fd, (struct sockaddr *)&address, sizeof(address));
	send(fd, line, strlen(line), MSG_NOSIGNAL);
	poll(&wait, 1, -1);
	recv(fd, text, sizeof(text), 0);
	recv(fd, text, sizeof(text), 0);
	close(fd);
}

int main(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), status;
	socklen_t size = sizeof(address);
	char line[64];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(listener, (struct sockaddr *)&address, sizeof(address));
	getsockname(listener, (struct sockaddr *)&address, &size);
	listen(listener, 64);
	for (int i = 0; i < WORKERS; i++)
		if (!fork())
			work(listener);
	close(listener);
	for (int i = 0; i < CLIENTS; i++) {
		snprintf(line, sizeof(line), "line %d of the client", i);
		if (!fork()) {
			visit(line);
			_exit(0);
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		wait(&status);
	for (int i = 0; i < WORKERS; i++)
		visit("quit");
	for (int i = 0; i < WORKERS; i++)
		wait(&status);
	return 0;
}
