// SPDX-License-Identifier: MIT
/*
 * See stage.h. In a network namespace of its own every address is made a local one, so that what the program called
 * its peers can be kept as it was.
 */
#include "replay/stage.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Private keys begin with this byte where other programs' keys are in reach. */
#define KEY_PREFIX 0x7e000000u

static void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		errno = 0; /* who cannot map ids stays nobody, which does */
	close(fd);
}

/* Inside a new user namespace: be who we were. */
static void ids_keep(uid_t uid, gid_t gid)
{
	char line[64];

	file_write("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "%u %u 1", uid, uid);
	file_write("/proc/self/uid_map", line);
	snprintf(line, sizeof(line), "%u %u 1", gid, gid);
	file_write("/proc/self/gid_map", line);
}

static int spaces_make(struct stage *stage)
{
	const int spaces = CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(spaces)) {
		if (unshare(CLONE_NEWUSER | spaces))
			return -errno;
		ids_keep(uid, gid);
	}
	stage->has_network = stage->has_ipc = true;
	return 0;
}

static void loopback_raise(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	request.ifr_flags = IFF_UP;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

/* `ip route add local default dev lo`: every address is this host's. */
static void addresses_take(uint8_t family)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
		struct rtattr attribute;
		uint32_t index;
	} request = {
		.head = {sizeof(request), RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, 1, 0},
		.route = {.rtm_family = family,
			  .rtm_table = RT_TABLE_LOCAL,
			  .rtm_protocol = RTPROT_BOOT,
			  .rtm_scope = RT_SCOPE_HOST,
			  .rtm_type = RTN_LOCAL},
		.attribute = {RTA_LENGTH(sizeof(uint32_t)), RTA_OIF},
		.index = if_nametoindex("lo"),
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return;
	if (send(fd, &request, sizeof(request), 0) < 0)
		errno = 0; /* then only the loopback's addresses can be bound */
	close(fd);
}

static void memory_make(struct stage *stage)
{
	stage->has_memory = !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
			    !mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
}

int stage_enter(struct stage *stage, bool shared)
{
	const char *base = getenv("TMPDIR");

	*stage = (struct stage){.run = (uint32_t)getpid(), .paths = calloc(1, sizeof(*stage->paths))};
	if (!stage->paths)
		return -ENOMEM;
	if (!base || base[0] != '/' || strlen(base) > 30)
		base = "/tmp";
	snprintf(stage->folder, sizeof(stage->folder), "%s/ipctrace.XXXXXX", base);
	if (!mkdtemp(stage->folder)) {
		stage->folder[0] = '\0';
		return -errno;
	}
	if (shared || spaces_make(stage))
		return 0;
	loopback_raise();
	addresses_take(AF_INET);
	addresses_take(AF_INET6);
	memory_make(stage);
	return 0;
}

/* Names that were made outside of a memory of our own. */
static void names_remove(const struct stage *stage)
{
	char prefix[32];
	DIR *folder = stage->has_memory ? NULL : opendir("/dev/shm");
	struct dirent *entry;

	snprintf(prefix, sizeof(prefix), "ipctrace.%u.", stage->run);
	while (folder && (entry = readdir(folder))) {
		const char *name = strncmp(entry->d_name, "sem.", 4) ? entry->d_name : entry->d_name + 4;
		if (!strncmp(name, prefix, strlen(prefix)))
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder)
		closedir(folder);
}

void stage_leave(struct stage *stage)
{
	DIR *folder = stage->folder[0] ? opendir(stage->folder) : NULL;
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	if (stage->folder[0])
		rmdir(stage->folder);
	stage->folder[0] = '\0';
	names_remove(stage);
	if (stage->paths) {
		text_free(&stage->paths->pairs);
		map_clear(&stage->paths->known);
		free(stage->paths);
	}
	stage->paths = NULL;
}

uint32_t stage_key(const struct stage *stage, uint32_t key)
{
	if (!key || stage->has_ipc)
		return key;
	return KEY_PREFIX | (uint32_t)(map_mix((uint64_t)stage->run << 32 | key) & 0xffffff);
}

void stage_name(const struct stage *stage, const char *name, char *text, size_t size)
{
	if (stage->has_memory)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "/ipctrace.%u.%s", stage->run, name + (*name == '/'));
}

/* A path that cannot be noted is only called otherwise. */
static void path_note(const struct stage *stage, const char *placed, const uint8_t *path, size_t length, uint64_t hash)
{
	struct stage_paths *paths = stage->paths;

	if (!paths || map_get(&paths->known, hash) || map_put(&paths->known, hash, paths))
		return;
	text_add(&paths->pairs, placed, strlen(placed) + 1);
	text_add(&paths->pairs, path, length);
	text_char(&paths->pairs, '\0');
}

/* Every path is a file of the folder, named by its hash; the last part stays, for people. */
static uint32_t path_place(const struct stage *stage, const uint8_t *bytes, uint32_t size, uint8_t *text)
{
	struct sockaddr_un *address = (struct sockaddr_un *)text;
	size_t length = strnlen((const char *)bytes + 2, size - 2);
	const uint8_t *last = memrchr(bytes + 2, '/', length);
	uint64_t hash = map_hash(0, bytes + 2, length);

	last = last ? last + 1 : bytes + 2;
	memset(text, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/%08x.%.*s", stage->folder, (uint32_t)hash,
		 (int)(bytes + 2 + length - last), (const char *)last);
	path_note(stage, address->sun_path, bytes + 2, length, hash);
	return (uint32_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address->sun_path) + 1);
}

uint32_t stage_address(const struct stage *stage, const uint8_t *bytes, uint32_t size, uint8_t *text)
{
	uint16_t family = 0;

	memset(text, 0, 128);
	memcpy(text, bytes, size < 128 ? size : 128);
	if (size >= 2)
		memcpy(&family, bytes, 2);
	if (family == AF_UNIX && size > 2 && bytes[2])
		return path_place(stage, bytes, size, text);
	if (stage->has_network)
		return size < 128 ? size : 128;
	if (family == AF_UNIX && size > 3) {
		/* abstract names are the network's */
		int length = snprintf((char *)text + 3, 100, "ipctrace.%u.%08x", stage->run,
				      (uint32_t)map_hash(0, bytes + 3, size - 3));
		text[2] = 0;
		return (uint32_t)(3 + length);
	}
	if (family == AF_INET && size >= sizeof(struct sockaddr_in))
		((struct sockaddr_in *)text)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (family == AF_INET6 && size >= sizeof(struct sockaddr_in6))
		((struct sockaddr_in6 *)text)->sin6_addr = in6addr_loopback;
	return size < 128 ? size : 128;
}
