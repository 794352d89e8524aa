// SPDX-License-Identifier: MIT
/*
 * What identities make of hand-made events of processes and on their descriptors, rule by rule. The events are those of
 * no real program; the catalogue is the real one.
 */
#include "tests/reader/identity_maker.h"

#include <errno.h>
#include <fcntl.h>

TestSuite(identity, .init = set_up, .fini = tear_down);

Test(identity, shares_the_description_over_dup_dup2_and_fcntl)
{
	make_client(3, "127.0.0.1", 6379, 50000);
	CALL("dup", 4, 3);
	act();
	CALL("dup2", 9, 3, 9);
	act();
	CALL("fcntl", 10, 3, F_DUPFD_CLOEXEC, 10);
	act();
	CALL("close", 0, 3);
	act();
	settle();
	EXPECT_FD(3, "fd 3");
	EXPECT_FD(4, "tcp-client#0 -> 127.0.0.1:6379");
	struct object *object = identity_object(identity, pid, KIND_FD, 4);
	cr_expect(eq(ptr, identity_object(identity, pid, KIND_FD, 9), object));
	cr_expect(eq(ptr, identity_object(identity, pid, KIND_FD, 10), object));
}

Test(identity, knows_what_is_being_closed_until_the_next_event)
{
	make_client(3, "127.0.0.1", 6379, 50000);
	CALL("close", 0, 3);
	act();
	EXPECT_FD(3, "tcp-client#0 -> 127.0.0.1:6379");
	cr_expect(eq(str, (char *)object_name(identity_subject(identity, &event)), "tcp-client#0 -> 127.0.0.1:6379"));
	settle();
	EXPECT_FD(3, "fd 3");
}

Test(identity, forgets_what_close_range_and_closefrom_closed)
{
	for (int fd = 3; fd < 10; fd++)
		make_socket(fd, AF_INET, SOCK_STREAM);
	CALL("close_range", 0, 4, 5, 0);
	act();
	CALL("closefrom", 0, 8);
	act();
	settle();
	EXPECT_FD(3, "tcp#0");
	EXPECT_FD(4, "fd 4");
	EXPECT_FD(7, "tcp#4");
	EXPECT_FD(8, "fd 8");
}

Test(identity, does_not_let_a_waiting_accept_clobber_a_number_reused_before_it_returns)
{
	make_listener(3, "0.0.0.0", 8080);
	CALL("eventfd", 4, 0, 0);
	act();
	CALL("accept", 4, 3, 0, 0);
	event.duration = 100;
	act();
	cr_expect(eq(str, (char *)object_name(identity_result(identity)), "tcp-server#0 on :8080"));
	tid = 101;
	CALL("write", 8, 4, 0x7000, 8);
	act();
	EXPECT_FD(4, "eventfd#0");
	CALL("close", 0, 4);
	act();
	now += 200;
	settle();
	EXPECT_FD(4, "tcp-server#0 on :8080");
}

Test(identity, ignores_calls_that_failed)
{
	make_listener(3, "0.0.0.0", 8080);
	CALL("accept", -1, 3, 0, 0);
	act_failing(EAGAIN);
	cr_expect(eq(ptr, identity_result(identity), NULL));
	CALL("close", -1, 3);
	act_failing(EBADF);
	settle();
	EXPECT_FD(3, "tcp-listen#0 0.0.0.0:8080");
}

Test(identity, takes_a_number_as_closed_when_close_was_interrupted)
{
	make_socket(3, AF_INET, SOCK_STREAM);
	CALL("close", -1, 3);
	act_failing(EINTR);
	settle();
	EXPECT_FD(3, "fd 3");
}

Test(identity, counts_in_the_program_order_of_each_thread)
{
	begin_thread(101, 100, 1);
	tid = 101;
	make_client(5, "127.0.0.1", 6379, 50001);
	tid = 100;
	make_client(4, "127.0.0.1", 6379, 50000);
	tid = 101;
	make_client(6, "127.0.0.1", 6379, 50002);
	settle();
	EXPECT_FD(4, "tcp-client#0 -> 127.0.0.1:6379");
	EXPECT_FD(5, "tcp-client#t1.0 -> 127.0.0.1:6379");
	EXPECT_FD(6, "tcp-client#t1.1 -> 127.0.0.1:6379");
}

Test(identity, names_processes_by_their_place_in_the_tree)
{
	begin_thread(101, 100, 1);
	CALL("fork", 200, 0);
	act();
	tid = 101;
	CALL("fork", 201, 0);
	act();
	tid = 100;
	CALL("fork", 202, 0);
	act();
	begin_process(PROCESS_FORK, 202, 100, "", NULL, 0);
	begin_process(PROCESS_EXEC, 202, 100, "/bin/worker", NULL, 0);
	settle();
	EXPECT_NAME(KIND_PID, 100, "P0(server)");
	EXPECT_NAME(KIND_PID, 200, "P0.1");
	EXPECT_NAME(KIND_PID, 201, "P0.t1.1");
	EXPECT_NAME(KIND_PID, 202, "P0.2(worker)");
	EXPECT_NAME(KIND_TID, 101, "P0.t1");
}

Test(identity, makes_a_child_of_a_process_whose_fork_was_not_recorded)
{
	begin_process(PROCESS_FORK, 300, 100, "", NULL, 0);
	begin_process(PROCESS_ROOT, 400, 7, "/bin/other", NULL, 0);
	settle();
	EXPECT_NAME(KIND_PID, 300, "P0.1");
	EXPECT_NAME(KIND_PID, 400, "P1(other)");
}

Test(identity, copies_the_descriptors_to_a_child_that_then_goes_its_own_way)
{
	make_listener(3, "0.0.0.0", 8080);
	CALL("fork", 200, 0);
	act();
	settle();
	struct object *listener = identity_object(identity, 100, KIND_FD, 3);
	cr_expect(eq(ptr, identity_object(identity, 200, KIND_FD, 3), listener));
	pid = tid = 200;
	CALL("close", 0, 3);
	act();
	settle();
	EXPECT_FD(3, "fd 3");
	cr_expect(eq(ptr, identity_object(identity, 100, KIND_FD, 3), listener));
}

Test(identity, drops_on_exec_what_is_marked_so)
{
	make_socket(3, AF_INET, SOCK_STREAM);
	make_socket(4, AF_INET, SOCK_STREAM | SOCK_CLOEXEC);
	make_socket(5, AF_INET, SOCK_STREAM);
	CALL("fcntl", 0, 5, F_SETFD, FD_CLOEXEC);
	act();
	begin_process(PROCESS_EXEC, 100, 1, "/bin/next", NULL, 0);
	settle();
	EXPECT_FD(3, "tcp#0");
	EXPECT_FD(4, "fd 4");
	EXPECT_FD(5, "fd 5");
}

Test(identity, believes_the_list_of_descriptors_found_open)
{
	const struct frame_open_fd fds[] = {{0, "/dev/null"}, {1, "pipe:[9]"}, {3, "socket:[77]"}, {4, "socket:[78]"}};

	make_socket(3, AF_INET, SOCK_STREAM);
	make_socket(5, AF_INET, SOCK_STREAM);
	begin_process(PROCESS_EXEC, 100, 1, "/bin/next", fds, 4);
	settle();
	EXPECT_FD(0, "file /dev/null");
	EXPECT_FD(1, "pipe#0 inherited");
	EXPECT_FD(3, "tcp#0");
	EXPECT_FD(4, "socket#0 inherited");
	EXPECT_FD(5, "fd 5");
}

Test(identity, gives_a_vfork_child_its_own_descriptors)
{
	make_socket(3, AF_INET, SOCK_STREAM);
	CALL("close", 0, 3);
	event.borrowed = true;
	add_item(ITEM_NO_ARG, ITEM_PID, (uint32_t[]){200, 200}, 8);
	act();
	settle();
	EXPECT_FD(3, "tcp#0");
	cr_expect(eq(str, (char *)object_name(identity_object(identity, 200, KIND_FD, 3)), "fd 3"));
	EXPECT_NAME(KIND_PID, 200, "P0.1");
}

Test(identity, follows_a_descriptor_through_a_message)
{
	CALL("socketpair", 0, AF_UNIX, SOCK_STREAM, 0, 0x7000);
	add_item(3, ITEM_RAW, (int[]){3, 4}, 8);
	act();
	make_client(5, "127.0.0.1", 6379, 50000);
	CALL("recvmsg", 1, 4, 0x7000, 0);
	add_rights(1, 9);
	event.duration = 50;
	act();
	CALL("sendmsg", 1, 3, 0x7000, 0);
	add_rights(1, 5);
	act();
	CALL("close", 0, 5);
	act();
	now += 100;
	settle();
	EXPECT_FD(9, "tcp-client#0 -> 127.0.0.1:6379");
}
