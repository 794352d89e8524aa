// SPDX-License-Identifier: MIT
/* See identity_maker.h. */
#include "tests/reader/identity_maker.h"

#include <string.h>
#include <sys/un.h>

#define ITEMS_MAX  4
#define ITEM_BYTES 192

/* One event under construction. */
struct event event;
static struct event_item items[ITEMS_MAX];
static uint8_t bytes[ITEMS_MAX][ITEM_BYTES];

/* Who acts, and when. */
struct identities *identity;
uint32_t pid = 100, tid = 100;
uint64_t now = 1000;

void begin_process(uint32_t origin, uint32_t new_pid, uint32_t parent, const char *exe, const struct frame_open_fd *fds,
		   uint32_t fds_count)
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

void begin_thread(uint32_t new_tid, uint32_t creator, uint32_t ordinal)
{
	struct frame_thread thread = {
		.pid = pid, .tid = new_tid, .creator = creator, .ordinal = ordinal, .ticks = now += 10};
	cr_assert(eq(int, identity_thread(identity, &thread), 0));
}

void set_up(void)
{
	pid = tid = 100;
	now = 1000;
	cr_assert(eq(int, identity_new(&identity, &catalogue_builtin), 0));
	begin_process(PROCESS_ROOT, 100, 1, "/usr/bin/server", NULL, 0);
}

void tear_down(void)
{
	identity_free(identity);
}

void call(const char *name, int64_t result, size_t argc, const uint64_t *args)
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

void add_item(uint8_t arg, enum item_form form, const void *content, size_t size)
{
	uint32_t i = event.items_count++;

	cr_assert(i < ITEMS_MAX && size <= ITEM_BYTES);
	memcpy(bytes[i], content, size);
	items[i] = (struct event_item){
		.arg = arg, .form = form, .size = (uint32_t)size, .total = (uint32_t)size, .bytes = bytes[i]};
}

void add_inet(enum item_form form, const char *ip, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, ip, &address.sin_addr);
	add_item(1, form, &address, sizeof(address));
}

void add_unix(enum item_form form, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	add_item(1, form, &address, offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

void add_string(uint8_t arg, const char *string)
{
	add_item(arg, ITEM_STRING, string, strlen(string));
}

void add_rights(uint8_t arg, int fd)
{
	struct {
		struct cmsghdr head;
		int fd;
	} control = {{.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}, fd};

	add_item(arg, ITEM_CONTROL, &control, control.head.cmsg_len);
}

void act(void)
{
	cr_assert(eq(int, identity_observe(identity, &event), 0));
}

void act_failing(uint16_t error)
{
	event.error = error;
	act();
}

void settle(void)
{
	CALL("recv", 0, 0, 0, 0, 0);
	act();
}

const char *name_of(enum kind kind, uint64_t value)
{
	struct object *object = identity_object(identity, pid, kind, value);

	return object ? object_name(object) : "nothing";
}

void make_socket(int fd, int family, int type)
{
	CALL("socket", fd, family, type, 0);
	act();
}

void make_client(int fd, const char *ip, uint16_t port, uint16_t local)
{
	make_socket(fd, AF_INET, SOCK_STREAM);
	CALL("connect", 0, fd, 0x7000, 16);
	add_inet(ITEM_ADDRESS, ip, port);
	add_inet(ITEM_LOCAL, ip, local);
	act();
}

void make_listener(int fd, const char *ip, uint16_t port)
{
	make_socket(fd, AF_INET, SOCK_STREAM);
	CALL("bind", 0, fd, 0x7000, 16);
	add_inet(ITEM_ADDRESS, ip, port);
	add_inet(ITEM_LOCAL, ip, port ? port : 41234);
	act();
	CALL("listen", 0, fd, 5);
	act();
}

void make_accepted(int listener, int fd, const char *ip, uint16_t port)
{
	CALL("accept", fd, listener, 0x7000, 0x7100);
	add_inet(ITEM_ADDRESS, ip, port);
	act();
}
