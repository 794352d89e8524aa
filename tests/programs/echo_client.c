// SPDX-License-Identifier: MIT
/* The asking half of the sample pair: sends each word and prints what comes back. Knows nothing of tracing. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[256];

	if (argc < 2) {
		fprintf(stderr, "usage: echo-client PORT [WORD]...\n");
		return 2;
	}
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	if (connect(server, (struct sockaddr *)&address, sizeof(address))) {
		perror("echo-client");
		return 1;
	}
	for (int i = 2; i < argc; i++) {
		ssize_t size = send(server, argv[i], strlen(argv[i]), 0);

		if (size < 0 || (size = recv(server, answer, sizeof(answer), 0)) < 0) {
			perror("echo-client");
			return 1;
		}
		printf("%.*s\n", (int)size, answer);
	}
	close(server);
	return 0;
}
