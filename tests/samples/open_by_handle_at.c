// SPDX-License-Identifier: MIT
/* A file by its handle, for those who may, and by a handle of nothing. */
#include "tests/samples/sample.h"

int main(void)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + 128];
	} file = {.handle.handle_bytes = 128};
	int folder = (int)must(open(".", O_RDONLY | O_DIRECTORY)), mount;

	must(file_with("file", ""));
	if (name_to_handle_at(AT_FDCWD, "file", &file.handle, &mount, 0))
		sample_skip("the file system has no handles");
	expect(open_by_handle_at(folder, &file.handle, O_RDONLY),
	       "open_by_handle_at(%d, {handle_bytes=%u, handle_type=%d}, O_RDONLY)", folder, file.handle.handle_bytes,
	       file.handle.handle_type);
	file.handle.handle_bytes = 0;
	expect(open_by_handle_at(folder, &file.handle, O_RDWR),
	       "open_by_handle_at(%d, {handle_bytes=0, handle_type=%d}, O_RDWR)", folder, file.handle.handle_type);
}
