// SPDX-License-Identifier: MIT
/* Addresses of all the families that are read, also where they do not fit. */
#include <linux/netlink.h>
#include <sys/un.h>

#include "tests/samples/sample.h"

static void bind_inet(void)
{
	struct sockaddr_in here = loopback(0), elsewhere = {.sin_family = AF_INET, .sin_port = htons(7)};
	struct sockaddr_in6 here6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = (int)must(socket(AF_INET, SOCK_DGRAM, 0)), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);

	expect(bind(fd, (struct sockaddr *)&here, sizeof(here)),
	       "bind(%d, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr(\"127.0.0.1\")}, 16)", fd);
	inet_pton(AF_INET, "192.0.2.1", &elsewhere.sin_addr);
	expect(bind(fd, (struct sockaddr *)&elsewhere, sizeof(elsewhere)),
	       "bind(%d, {sa_family=AF_INET, sin_port=htons(7), sin_addr=inet_addr(\"192.0.2.1\")}, 16)", fd);
	expect(bind(fd6, (struct sockaddr *)&here6, sizeof(here6)),
	       "bind(%d, {sa_family=AF_INET6, sin6_port=htons(0), sin6_flowinfo=htonl(0), "
	       "inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=0}, 28)",
	       fd6);
}

static void bind_unix(void)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "socket"};
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int first = (int)must(socket(AF_UNIX, SOCK_STREAM, 0)), second = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				     sprintf(name.sun_path + 1, "ipctrace-sample-%d", getpid()));

	expect(bind(first, (struct sockaddr *)&path, sizeof(path)),
	       "bind(%d, {sa_family=AF_UNIX, sun_path=\"socket\"}, 110)", first);
	expect(bind(second, (struct sockaddr *)&path, sizeof(path)),
	       "bind(%d, {sa_family=AF_UNIX, sun_path=\"socket\"}, 110)", second);
	expect(bind(second, (struct sockaddr *)&name, size), "bind(%d, {sa_family=AF_UNIX, sun_path=@\"%s\"}, %u)",
	       second, name.sun_path + 1, size);
}

int main(void)
{
	struct sockaddr_nl netlink = {.nl_family = AF_NETLINK, .nl_groups = 0x11};
	struct sockaddr short_one = {.sa_family = AF_INET, .sa_data = "\1\2"};
	int fd = (int)must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));

	bind_inet();
	bind_unix();
	expect(bind(fd, (struct sockaddr *)&netlink, sizeof(netlink)),
	       "bind(%d, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000011}, 12)", fd);
	expect(bind(-1, &short_one, 4), "bind(-1, {sa_family=AF_INET, sa_data=\"\\1\\2\"}, 4)");
	expect(bind(fd, (struct sockaddr *)-4096, 16), "bind(%d, 0xfffffffffffff000, 16)", fd);
	expect(bind(fd, NULL, 0), "bind(%d, NULL, 0)", fd);
}
