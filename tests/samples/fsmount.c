// SPDX-License-Identifier: MIT
/* A file system that is ready to be mounted, for those who may, and nothing. */
#include <sys/mount.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = fsopen("tmpfs", 0);

	if (fd >= 0) {
		must(fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
		expect(fsmount(fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC),
		       "fsmount(%d, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOEXEC)", fd);
	}
	expect(fsmount(-1, 0, 0), "fsmount(-1, 0, 0)");
}
