// SPDX-License-Identifier: MIT
/* A file made, opened by all the names, one without a name, and one that is not there. */
#include "tests/samples/sample.h"

int __open(const char *pathname, int flags, ...);
int __open64(const char *pathname, int flags, ...);
int __open_2(const char *pathname, int flags);
int __open64_2(const char *pathname, int flags);

int main(void)
{
	expect(open("file", O_WRONLY | O_CREAT | O_EXCL, 0640), "open(\"file\", O_WRONLY|O_CREAT|O_EXCL, 0640)");
	expect(open64("file", O_RDWR | O_APPEND | O_CLOEXEC), "open(\"file\", O_RDWR|O_APPEND|O_CLOEXEC)");
	expect(__open("file", O_RDONLY | O_SYNC), "open(\"file\", O_RDONLY|O_SYNC)");
	expect(__open64("file", O_RDONLY | O_CREAT, 0600), "open(\"file\", O_RDONLY|O_CREAT, 0600)");
	expect(__open_2("file", O_PATH | O_NOFOLLOW), "open(\"file\", O_RDONLY|O_NOFOLLOW|O_PATH)");
	expect(__open64_2("file", O_RDONLY | O_DSYNC), "open(\"file\", O_RDONLY|O_DSYNC)");
	expect(syscall(SYS_open, "file", O_RDONLY, 0777), "open(\"file\", O_RDONLY)");
	expect(open(".", O_RDWR | O_TMPFILE, 0600), "open(\".\", O_RDWR|O_TMPFILE, 0600)");
	expect(open("missing\n", O_RDONLY | O_DIRECTORY), "open(\"missing\\n\", O_RDONLY|O_DIRECTORY)");
	expect(open(NULL, O_RDONLY), "open(NULL, O_RDONLY)");
}
