// SPDX-License-Identifier: MIT
/*
 * What identities make of hand-made events on sockets, rule by rule. The events are those of no real program; the
 * catalogue is the real one.
 */
#include "tests/reader/identity_maker.h"

#include <fcntl.h>

TestSuite(identity, .init = set_up, .fini = tear_down);

Test(identity, calls_an_unknown_descriptor_by_its_number)
{
	EXPECT_FD(7, "fd 7");
	cr_expect(eq(ptr, identity_object(identity, pid, KIND_FD, (uint64_t)-1), NULL));
}

Test(identity, names_a_client_by_whom_it_connects_to_and_counts_per_peer)
{
	make_client(3, "127.0.0.1", 6379, 50000);
	make_client(4, "127.0.0.1", 6379, 50001);
	make_client(5, "127.0.0.1", 80, 50002);
	settle();
	EXPECT_FD(3, "tcp-client#0 -> 127.0.0.1:6379");
	EXPECT_FD(4, "tcp-client#1 -> 127.0.0.1:6379");
	EXPECT_FD(5, "tcp-client#0 -> 127.0.0.1:80");
}

Test(identity, names_a_listener_and_what_it_accepts)
{
	make_listener(3, "0.0.0.0", 8080);
	make_accepted(3, 4, "127.0.0.1", 50000);
	make_accepted(3, 5, "127.0.0.1", 50001);
	settle();
	EXPECT_FD(3, "tcp-listen#0 0.0.0.0:8080");
	EXPECT_FD(4, "tcp-server#0 on :8080");
	EXPECT_FD(5, "tcp-server#1 on :8080");
}

Test(identity, leaves_ports_out_that_the_kernel_chose)
{
	make_listener(3, "127.0.0.1", 0);
	make_client(4, "127.0.0.1", 41234, 50000);
	make_accepted(3, 5, "127.0.0.1", 50000);
	settle();
	EXPECT_FD(3, "tcp-listen#0 127.0.0.1:*");
	EXPECT_FD(4, "tcp-client#0 -> 127.0.0.1:*");
	EXPECT_FD(5, "tcp-server#0 on :*");
}

Test(identity, pairs_the_two_ends_of_a_connection_by_their_addresses)
{
	make_listener(3, "0.0.0.0", 8080);
	make_client(4, "127.0.0.1", 8080, 50000);
	make_accepted(3, 5, "127.0.0.1", 50000);
	settle();
	struct object *client = identity_object(identity, pid, KIND_FD, 4);
	struct object *server = identity_object(identity, pid, KIND_FD, 5);
	cr_expect(eq(ptr, client->peer, server));
	cr_expect(eq(ptr, server->peer, client));
}

Test(identity, pairs_ends_also_when_the_accept_is_seen_first)
{
	make_listener(3, "0.0.0.0", 8080);
	make_accepted(3, 5, "127.0.0.1", 50000);
	make_client(4, "127.0.0.1", 8080, 50000);
	struct object *client = identity_object(identity, pid, KIND_FD, 4);
	cr_expect(eq(ptr, client->peer, identity_object(identity, pid, KIND_FD, 5)));
}

Test(identity, knows_a_listener_whose_listen_was_not_seen)
{
	CALL("accept4", 9, 3, 0x7000, 0x7100, 0);
	add_inet(ITEM_ADDRESS, "127.0.0.1", 50000);
	add_inet(ITEM_LOCAL, "127.0.0.1", 8080);
	act();
	settle();
	EXPECT_FD(3, "tcp-listen#0 0.0.0.0:8080");
	EXPECT_FD(9, "tcp-server#0 on :8080");
}

Test(identity, pairs_unix_sockets_in_the_order_of_connecting)
{
	make_socket(3, AF_UNIX, SOCK_STREAM);
	CALL("bind", 0, 3, 0x7000, 20);
	add_unix(ITEM_ADDRESS, "/run/x.sock");
	act();
	CALL("listen", 0, 3, 5);
	act();
	for (int fd = 4; fd < 6; fd++) {
		make_socket(fd, AF_UNIX, SOCK_STREAM);
		CALL("connect", 0, fd, 0x7000, 20);
		add_unix(ITEM_ADDRESS, "/run/x.sock");
		act();
	}
	for (int fd = 6; fd < 8; fd++) {
		CALL("accept", fd, 3, 0, 0);
		act();
	}
	settle();
	EXPECT_FD(3, "unix-listen#0 /run/x.sock");
	EXPECT_FD(5, "unix-client#1 -> /run/x.sock");
	EXPECT_FD(6, "unix-server#0 on /run/x.sock");
	for (int fd = 4; fd < 6; fd++) {
		struct object *client = identity_object(identity, pid, KIND_FD, fd);
		cr_expect(eq(ptr, client->peer, identity_object(identity, pid, KIND_FD, fd + 2)));
	}
}

Test(identity, pairs_the_ends_of_a_socketpair_and_of_a_pipe)
{
	CALL("socketpair", 0, AF_UNIX, SOCK_STREAM, 0, 0x7000);
	add_item(3, ITEM_RAW, (int[]){3, 4}, 8);
	act();
	CALL("pipe2", 0, 0x7000, O_CLOEXEC);
	add_item(0, ITEM_RAW, (int[]){5, 6}, 8);
	act();
	cr_expect(eq(str, (char *)object_name(identity_made(identity, 5)), "pipe#0.read"));
	cr_expect(eq(str, (char *)object_name(identity_made(identity, 6)), "pipe#0.write"));
	cr_expect(eq(ptr, identity_made(identity, 3), NULL));
	settle();
	EXPECT_FD(3, "unix-pair#0.a");
	EXPECT_FD(4, "unix-pair#0.b");
	EXPECT_FD(5, "pipe#0.read");
	EXPECT_FD(6, "pipe#0.write");
	struct object *a = identity_object(identity, pid, KIND_FD, 3);
	cr_expect(eq(ptr, a->peer, identity_object(identity, pid, KIND_FD, 4)));
}

Test(identity, names_a_bound_datagram_socket_by_its_address)
{
	make_socket(3, AF_INET, SOCK_DGRAM);
	CALL("bind", 0, 3, 0x7000, 16);
	add_inet(ITEM_ADDRESS, "0.0.0.0", 53);
	act();
	make_socket(4, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC);
	CALL("connect", 0, 4, 0x7000, 16);
	add_inet(ITEM_ADDRESS, "127.0.0.1", 53);
	act();
	settle();
	EXPECT_FD(3, "udp#0 0.0.0.0:53");
	EXPECT_FD(4, "udp#0 -> 127.0.0.1:53");
	struct object *client = identity_object(identity, pid, KIND_FD, 4);
	cr_expect(eq(ptr, client->peer, identity_object(identity, pid, KIND_FD, 3)));
}

Test(identity, points_an_unconnected_datagram_socket_to_whom_it_sends)
{
	make_socket(3, AF_INET, SOCK_DGRAM);
	CALL("bind", 0, 3, 0x7000, 16);
	add_inet(ITEM_ADDRESS, "0.0.0.0", 53);
	act();
	make_socket(4, AF_INET, SOCK_DGRAM);
	CALL("sendto", 5, 4, 0x7000, 5, 0, 0x7100, 16);
	add_inet(ITEM_ADDRESS, "127.0.0.1", 53);
	act();
	settle();
	EXPECT_FD(4, "udp#1");
	struct object *client = identity_object(identity, pid, KIND_FD, 4);
	cr_expect(eq(ptr, client->peer, identity_object(identity, pid, KIND_FD, 3)));
}

Test(identity, takes_a_connect_to_the_wildcard_address_for_one_to_this_host)
{
	make_listener(3, "0.0.0.0", 8080);
	make_socket(4, AF_INET, SOCK_STREAM);
	CALL("connect", 0, 4, 0x7000, 16);
	add_inet(ITEM_ADDRESS, "0.0.0.0", 8080);
	add_inet(ITEM_LOCAL, "127.0.0.1", 50000);
	act();
	make_accepted(3, 5, "127.0.0.1", 50000);
	settle();
	EXPECT_FD(4, "tcp-client#0 -> 127.0.0.1:8080");
	struct object *client = identity_object(identity, pid, KIND_FD, 4);
	cr_expect(eq(ptr, client->peer, identity_object(identity, pid, KIND_FD, 5)));
}

Test(identity, names_other_descriptors_by_path_or_sort)
{
	CALL("open", 3, 0x7000, O_RDONLY, 0);
	add_string(0, "/etc/passwd");
	act();
	CALL("memfd_create", 4, 0x7000, 0);
	add_string(0, "buffer");
	act();
	CALL("eventfd", 5, 0, 0);
	act();
	CALL("epoll_create1", 6, 0);
	act();
	CALL("mq_open", 7, 0x7000, O_RDWR, 0, 0);
	add_string(0, "/jobs");
	act();
	CALL("shm_open", 8, 0x7000, O_RDWR, 0600);
	add_string(0, "/pool");
	act();
	CALL("timerfd_create", 9, 0, 0);
	act();
	settle();
	EXPECT_FD(3, "file /etc/passwd");
	EXPECT_FD(4, "memfd#0 buffer");
	EXPECT_FD(5, "eventfd#0");
	EXPECT_FD(6, "epoll#0");
	EXPECT_NAME(KIND_MQD, 7, "mq /jobs");
	EXPECT_FD(8, "shm /pool");
	EXPECT_FD(9, "timerfd#0");
}
