// SPDX-License-Identifier: MIT
/* Requests that bring, take, or need nothing; one with a struct; one that is not known; and of what is no terminal. */
#include <net/if.h>
#include <pty.h>
#include <sys/ioctl.h>

#include "tests/samples/sample.h"

static void ask_interface(int fd)
{
	struct ifreq loopback = {.ifr_name = "lo"}, missing = {.ifr_name = "missing"};

	must(ioctl(fd, SIOCGIFINDEX, &loopback));
	expect(0, "ioctl(%d, SIOCGIFINDEX, {ifr_name=\"lo\", ifr_ifindex=%d})", fd, loopback.ifr_ifindex);
	expect(ioctl(fd, SIOCGIFINDEX, &missing), "ioctl(%d, SIOCGIFINDEX, {ifr_name=\"missing\", ifr_ifindex=0})", fd);
	must(ioctl(fd, SIOCGIFADDR, &loopback));
	expect(0, "ioctl(%d, SIOCGIFADDR, {ifr_name=\"lo\", ifr_addr=%s})", fd,
	       address_text((struct sockaddr_in *)&loopback.ifr_addr));
}

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	struct winsize size;
	int value = 1, near, far, socket_fd = (int)must(socket(AF_INET, SOCK_DGRAM, 0));

	must(write(ends.far, "hello", 5));
	expect(ioctl(ends.near, FIONBIO, &value), "ioctl(%d, FIONBIO, [1])", ends.near);
	expect(ioctl(ends.near, FIONREAD, &value), "ioctl(%d, FIONREAD, [5])", ends.near);
	expect(ioctl(ends.near, FIOCLEX), "ioctl(%d, FIOCLEX)", ends.near);
	ask_interface(socket_fd);
	if (!openpty(&near, &far, NULL, NULL, &(struct winsize){.ws_row = 24, .ws_col = 80}))
		expect(ioctl(far, TIOCGWINSZ, &size), "ioctl(%d, TIOCGWINSZ, {ws_row=24, ws_col=80})", far);
	expect(ioctl(ends.near, TIOCGWINSZ, &size), "ioctl(%d, TIOCGWINSZ, %p)", ends.near, (void *)&size);
	expect(ioctl(ends.near, 0x1234, &size), "ioctl(%d, 0x1234, %p)", ends.near, (void *)&size);
	expect(ioctl(-1, FIOCLEX), "ioctl(-1, FIOCLEX)");
}
