// SPDX-License-Identifier: MIT
/*
 * The serving half of the sample pair: answers each line with the same line in capitals, one client after another,
 * until one says "bye". Knows nothing of tracing.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether to go on with the next client. */
static int client_serve(int client)
{
	char line[256];
	ssize_t size;
	int goes_on = 1;

	while (goes_on && (size = recv(client, line, sizeof(line), 0)) > 0) {
		goes_on = strncmp(line, "bye", 3) != 0;
		for (ssize_t i = 0; i < size; i++)
			line[i] = (char)toupper((unsigned char)line[i]);
		if (send(client, line, (size_t)size, MSG_NOSIGNAL) != size)
			break;
	}
	close(client);
	return goes_on;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client, on = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: echo-server PORT\n");
		return 2;
	}
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 8)) {
		perror("echo-server");
		return 1;
	}
	printf("Ready to accept connections\n");
	fflush(stdout);
	do {
		client = accept(listener, NULL, NULL);
	} while (client >= 0 && client_serve(client));
	close(listener);
	return 0;
}
