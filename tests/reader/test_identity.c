// SPDX-License-Identifier: MIT
/*
 * What identities make of hand-made events, rule by rule. The events are those of no real program; the catalogue is
 * the real one.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "reader/identity.h"

#define ITEMS_MAX  4
#define ITEM_BYTES 192

/* One event under construction. */
static struct event event;
static struct event_item items[ITEMS_MAX];
static uint8_t bytes[ITEMS_MAX][ITEM_BYTES];

/* Who acts, and when. */
static struct identities *identity;
static uint32_t pid = 100, tid = 100;
static uint64_t now = 1000;

static void begin_process(uint32_t origin, uint32_t new_pid, uint32_t parent, const char *exe,
			  const struct frame_open_fd *fds, uint32_t fds_count)
{
	struct frame_process process = {.pid = new_pid,
					.parent = parent,
					.origin = origin,
					.ticks = now += 10,
					.exe = exe,
					.cwd = "",
					.fds = fds,
					.fds_count = fds_count};
	cr_assert(eq(int, identity_process(identity, &process), 0));
}

static void begin_thread(uint32_t new_tid, uint32_t creator, uint32_t ordinal)
{
	struct frame_thread thread = {
		.pid = pid, .tid = new_tid, .creator = creator, .ordinal = ordinal, .ticks = now += 10};
	cr_assert(eq(int, identity_thread(identity, &thread), 0));
}

static void set_up(void)
{
	pid = tid = 100;
	now = 1000;
	cr_assert(eq(int, identity_new(&identity, &catalogue_builtin), 0));
	begin_process(PROCESS_ROOT, 100, 1, "/usr/bin/server", NULL, 0);
}

static void tear_down(void)
{
	identity_free(identity);
}

/* Begins an event; items are added to it before act(). Ten ticks later than the one before, and five ticks long. */
static void call(const char *name, int64_t result, size_t argc, const uint64_t *args)
{
	now += 10;
	event = (struct event){.catalogue = &catalogue_builtin,
			       .pid = pid,
			       .tid = tid,
			       .enter = now,
			       .duration = 5,
			       .result = result,
			       .items = items};
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, name))
			event.call = &catalogue_builtin.calls[i];
	cr_assert(ne(ptr, (void *)event.call, NULL), "no call %s", name);
	memcpy(event.args, args, argc * sizeof(*args));
}

#define CALL(name, result, ...) \
	call(name, result, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (uint64_t[]){__VA_ARGS__})

static void add_item(uint8_t arg, enum item_form form, const void *content, size_t size)
{
	uint32_t i = event.items_count++;

	cr_assert(i < ITEMS_MAX && size <= ITEM_BYTES);
	memcpy(bytes[i], content, size);
	items[i] = (struct event_item){
		.arg = arg, .form = form, .size = (uint32_t)size, .total = (uint32_t)size, .bytes = bytes[i]};
}

static void add_inet(enum item_form form, const char *ip, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, ip, &address.sin_addr);
	add_item(1, form, &address, sizeof(address));
}

static void add_unix(enum item_form form, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	add_item(1, form, &address, offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

static void add_string(uint8_t arg, const char *string)
{
	add_item(arg, ITEM_STRING, string, strlen(string));
}

static void add_rights(uint8_t arg, int fd)
{
	struct {
		struct cmsghdr head;
		int fd;
	} control = {{.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}, fd};

	add_item(arg, ITEM_CONTROL, &control, control.head.cmsg_len);
}

static void act(void)
{
	cr_assert(eq(int, identity_observe(identity, &event), 0));
}

static void act_failing(uint16_t error)
{
	event.error = error;
	act();
}

/* A call of no consequence, by which everything before it has taken effect. */
static void settle(void)
{
	CALL("recv", 0, 0, 0, 0, 0);
	act();
}

static const char *name_of(enum kind kind, uint64_t value)
{
	struct object *object = identity_object(identity, pid, kind, value);

	return object ? object_name(object) : "nothing";
}

#define EXPECT_NAME(kind, value, name) cr_expect(eq(str, (char *)name_of(kind, value), (char *)(name)))
#define EXPECT_FD(fd, name)	       EXPECT_NAME(KIND_FD, fd, name)

static void make_socket(int fd, int family, int type)
{
	CALL("socket", fd, family, type, 0);
	act();
}

static void make_client(int fd, const char *ip, uint16_t port, uint16_t local)
{
	make_socket(fd, AF_INET, SOCK_STREAM);
	CALL("connect", 0, fd, 0x7000, 16);
	add_inet(ITEM_ADDRESS, ip, port);
	add_inet(ITEM_LOCAL, ip, local);
	act();
}

static void make_listener(int fd, const char *ip, uint16_t port)
{
	make_socket(fd, AF_INET, SOCK_STREAM);
	CALL("bind", 0, fd, 0x7000, 16);
	add_inet(ITEM_ADDRESS, ip, port);
	add_inet(ITEM_LOCAL, ip, port ? port : 41234);
	act();
	CALL("listen", 0, fd, 5);
	act();
}

static void make_accepted(int listener, int fd, const char *ip, uint16_t port)
{
	CALL("accept", fd, listener, 0x7000, 0x7100);
	add_inet(ITEM_ADDRESS, ip, port);
	act();
}

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

Test(identity, names_system_v_objects_by_key)
{
	CALL("msgget", 65536, 0x1234, 0600);
	act();
	CALL("semget", 65536, IPC_PRIVATE, 3, 0600);
	act();
	CALL("shmget", 7, IPC_PRIVATE, 8192, 0600);
	act();
	settle();
	EXPECT_NAME(KIND_MSQID, 65536, "msgq key 0x1234");
	EXPECT_NAME(KIND_SEMID, 65536, "semset#0 private by P0");
	EXPECT_NAME(KIND_SHMID, 7, "shm#0 private by P0");
	EXPECT_NAME(KIND_MSQID, 5, "msgq id 5");
}

Test(identity, tells_a_key_used_again_after_removal_from_the_first)
{
	CALL("msgget", 1, 0x1234, 0600);
	act();
	CALL("msgget", 1, 0x1234, 0600);
	act();
	settle();
	EXPECT_NAME(KIND_MSQID, 1, "msgq key 0x1234");
	CALL("msgctl", 0, 1, IPC_RMID, 0);
	act();
	CALL("msgget", 32769, 0x1234, 0600);
	act();
	settle();
	EXPECT_NAME(KIND_MSQID, 32769, "msgq key 0x1234 (2)");
}

Test(identity, finds_the_mapping_and_the_offset_of_an_address)
{
	uint64_t offset = 0;

	CALL("mmap", 0x10000, 0, 0x4000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	act();
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x10000, "mapping#0 (anon, 16 KiB, rw-)");
	struct object *mapping = identity_mapping(identity, pid, 0x12345, &offset);
	cr_expect(ne(ptr, mapping, NULL));
	cr_expect(eq(u64, offset, 0x2345));
	EXPECT_NAME(KIND_ADDRESS, 0x14000, "nothing");
}

Test(identity, splits_a_mapping_at_an_unmapped_hole)
{
	uint64_t offset = 0;

	CALL("mmap", 0x10000, 0, 0x4000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	act();
	CALL("munmap", 0, 0x11000, 0x1000);
	act();
	EXPECT_NAME(KIND_ADDRESS, 0x11000, "mapping#0 (anon, 16 KiB, r--)");
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x10fff, "mapping#0 (anon, 16 KiB, r--)");
	EXPECT_NAME(KIND_ADDRESS, 0x11000, "nothing");
	identity_mapping(identity, pid, 0x12010, &offset);
	cr_expect(eq(u64, offset, 0x2010));
}

Test(identity, keeps_a_mapping_that_moves)
{
	CALL("mmap", 0x10000, 0, 0x1000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	act();
	CALL("mremap", 0x90000, 0x10000, 0x1000, 0x2000, MREMAP_MAYMOVE, 0);
	act();
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x10000, "nothing");
	EXPECT_NAME(KIND_ADDRESS, 0x91fff, "mapping#0 (anon, 4 KiB, r--)");
}

Test(identity, says_what_a_mapping_is_of)
{
	CALL("open", 3, 0x7000, O_RDONLY, 0);
	add_string(0, "/etc/passwd");
	act();
	CALL("mmap", 0x10000, 0, 100, PROT_READ, MAP_PRIVATE, 3, 0);
	act();
	CALL("close", 0, 3);
	act();
	CALL("shmget", 7, 0x99, 8192, 0600);
	act();
	CALL("shmat", 0x20000, 7, 0, 0);
	act();
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x10fff, "mapping#0 (file /etc/passwd, 100 B, r--)");
	EXPECT_NAME(KIND_ADDRESS, 0x21fff, "mapping#0 (shm key 0x99, 8 KiB, rw-)");
	CALL("shmdt", 0, 0x20000);
	act();
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x20000, "nothing");
}

Test(identity, names_semaphores_by_name_or_place)
{
	CALL("sem_open", 0x5000, 0x7000, O_CREAT, 0600, 1);
	add_string(0, "/lock");
	act();
	CALL("mmap", 0x10000, 0, 0x1000, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	act();
	CALL("sem_init", 0, 0x10040, 1, 0);
	act();
	settle();
	EXPECT_NAME(KIND_SEM, 0x5000, "sem /lock");
	EXPECT_NAME(KIND_SEM, 0x10040, "sem in mapping#0 (anon, 4 KiB, r--) + 0x40");
	EXPECT_NAME(KIND_SEM, 0x666000, "sem#0");
	CALL("fork", 200, 0);
	act();
	settle();
	cr_expect(eq(ptr, identity_object(identity, 200, KIND_SEM, 0x10040),
		     identity_object(identity, 100, KIND_SEM, 0x10040)));
}

static int gone_count;

static void count_gone(void *context, struct object *object)
{
	gone_count++;
	cr_expect(ne(int, object_name(object)[0], 0));
}

Test(identity, lets_go_of_a_conversation_only_when_both_ends_are_closed)
{
	gone_count = 0;
	identity_watch(identity, count_gone, NULL);
	make_listener(3, "0.0.0.0", 8080);
	make_client(4, "127.0.0.1", 8080, 50000);
	make_accepted(3, 5, "127.0.0.1", 50000);
	CALL("close", 0, 4);
	act();
	settle();
	cr_expect(eq(int, gone_count, 0));
	CALL("close", 0, 5);
	act();
	settle();
	settle();
	cr_expect(eq(int, gone_count, 2));
	identity_finish(identity);
	cr_expect(eq(int, gone_count, 3));
}

Test(identity, keeps_memory_flat_over_a_million_connections)
{
	gone_count = 0;
	identity_watch(identity, count_gone, NULL);
	make_listener(3, "0.0.0.0", 8080);
	for (int i = 0; i < 1000000; i++) {
		make_accepted(3, 4, "127.0.0.1", (uint16_t)(1024 + i % 60000));
		CALL("close", 0, 4);
		act();
	}
	settle();
	cr_expect(eq(int, gone_count, 1000000));
}

Test(identity, survives_words_that_make_no_sense)
{
	static const uint64_t words[] = {0, 1, 3, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX, 0x10000, 1024};
	uint64_t state = 42;

	for (unsigned round = 0; round < 200; round++)
		for (unsigned i = 0; i < catalogue_builtin.calls_count; i++) {
			uint64_t args[CALL_ARGS_MAX];
			for (unsigned k = 0; k < CALL_ARGS_MAX; k++) {
				state = state * 6364136223846793005u + 1442695040888963407u;
				args[k] = words[(state >> 33) % (sizeof(words) / sizeof(words[0]))];
			}
			CALL(catalogue_builtin.calls[i].name, (int64_t)args[7], 0);
			memcpy(event.args, args, sizeof(args));
			pid = (uint32_t)words[(state >> 40) % 4];
			tid = (uint32_t)words[(state >> 44) % 4];
			event.duration = args[6] & 0xff;
			add_item((uint8_t)((state >> 50) & 3), (enum item_form)((state >> 54) % ITEM_FORM_COUNT), args,
				 (state >> 48) % 64);
			act();
			identity_subject(identity, &event);
			identity_object(identity, pid, KIND_FD, args[0]);
		}
	identity_finish(identity);
	cr_expect(ne(ptr, identity_thread_object(identity, 1, 1), NULL));
}
