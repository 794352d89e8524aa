// SPDX-License-Identifier: MIT
/*
 * A thread that accepts connections and gives each to a worker: to one that is done, or to one that it makes.
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "luck.h"

#define CLIENTS 2

/* The connections that a worker is given, one after the other; -1 behind the last one. */
struct given {
	int connections[CLIENTS + 1];
};

static int served;

static void *work(void *argument)
{
	const struct given *given = argument;
	char text[40];
	ssize_t size;

	for (const int *connection = given->connections; *connection >= 0; connection++) {
		while ((size = recv(*connection, text, sizeof(text), 0)) > 0)
			send(*connection, text, (size_t)size, 0);
		close(*connection);
		__atomic_add_fetch(&served, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static int listen_here(void)
{
	struct sockaddr_un here = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(here.sun_path + 1, sizeof(here.sun_path) - 1, "luck-pool-%d", getpid());
	if (listener < 0 || bind(listener, (struct sockaddr *)&here, sizeof(here)) || listen(listener, CLIENTS))
		err(1, "cannot listen");
	return listener;
}

/* What a client says, before its connection is accepted. */
static int speak(int listener, const char *text)
{
	struct sockaddr_un there;
	socklen_t size = sizeof(there);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	getsockname(listener, (struct sockaddr *)&there, &size);
	if (client < 0 || connect(client, (struct sockaddr *)&there, size) || send(client, text, strlen(text), 0) < 0 ||
	    shutdown(client, SHUT_WR))
		err(1, "cannot speak");
	return accept(listener, NULL, NULL);
}

/* Early: a worker for each; late: the first one is done, and is given the second one. Wrong: that hears something else.
 */
int luck_pool(const char *event)
{
	int listener = listen_here(), first = speak(listener, "from the first");
	int second = speak(listener, strcmp(event, "wrong") ? "from the second" : "from somebody");
	bool is_early = !strcmp(event, "early");
	struct given given[2] = {{{first, is_early ? -1 : second, -1}}, {{second, -1}}};
	pthread_t thread;

	for (int i = 0; i < 1 + is_early; i++)
		if (pthread_create(&thread, NULL, work, &given[i]))
			err(1, "cannot begin");
	while (__atomic_load_n(&served, __ATOMIC_RELAXED) < CLIENTS)
		usleep(1000);
	return 0;
}
