/* The plant as a file of the operating system: what kind it is, on what file system, who serves it, whether
 * it is still there. */
#include "plant_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

/* File systems on which WAL's shared memory does not work between processes. Source: Linux statfs(2) magic
 * numbers. */
static const struct {
    uint32_t magic;
    const char *name;
} without_shared_memory[] = {
    {0x6969, "NFS"},     {0x517B, "SMB"},    {0xFF534D42, "SMB"},
    {0xFE534D42, "SMB"}, {0x01021997, "9p"}, {0x65735546, "FUSE"},
};

static const char *unsuitable(const char *path)
{
    struct statfs fs;

    if (statfs(path, &fs) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof without_shared_memory / sizeof without_shared_memory[0]; i++)
        if ((uint32_t)fs.f_type == without_shared_memory[i].magic)
            return without_shared_memory[i].name;
    return NULL;
}

s7_status plant_file_check(const char *path, bool wal, struct plant_error *error)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return plant_fail(error, errno == ENOENT || errno == ENOTDIR ? S7_E_PLANT_MISSING : S7_E_PLANT_IO,
                          "%s: %s%s", path, strerror(errno),
                          errno == ENOENT ? "; make a plant with s7rig plant new FILE" : "");
    if (!S_ISREG(st.st_mode))
        return plant_fail(error, S7_E_PLANT_SCHEMA, "%s: not a plant file: it is %s", path,
                          S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
    if (st.st_size == 0)
        return plant_fail(error, S7_E_PLANT_SCHEMA,
                          "%s: not a plant file: it is empty; make one with s7rig plant new FILE", path);
    const char *bad_fs = wal ? unsuitable(path) : NULL;
    if (bad_fs != NULL)
        return plant_fail(
            error, S7_E_PLANT_IO,
            "%s: lies on %s, which has no shared memory for the write-ahead log; use --journal delete", path,
            bad_fs);
    return S7_OK;
}

/* ---- one server per plant ----
 * The lock is on a side file: closing any descriptor of the plant itself would drop the POSIX locks that
 * SQLite holds on it. The side file is removed at the end; who got a lock on a removed one tries again. */

static bool names_the_file(const char *path, int fd)
{
    struct stat named, opened;

    return stat(path, &named) == 0 && fstat(fd, &opened) == 0 && named.st_dev == opened.st_dev &&
           named.st_ino == opened.st_ino;
}

/* Beside the file itself, as SQLite does with its own, however the file is called here: through a symbolic
 * link it is the same plant. */
static char *lock_path(const plant *p)
{
    char *real = realpath(p->path, NULL), *path = NULL;

    if (real != NULL && asprintf(&path, "%s-serve", real) < 0)
        path = NULL;
    free(real);
    return path;
}

static s7_status lock_side_file(plant *p, const char *path, struct plant_error *error)
{
    for (;;) {
        char owner[24] = "";
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return plant_fail(error, S7_E_PLANT_IO, "%s: cannot make %s: %s", p->path, path, strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            ssize_t n = read(fd, owner, sizeof owner - 1);
            close(fd);
            return plant_fail(error, S7_E_PLANT_BUSY, "%s: served by another process already%s%.*s", p->path,
                              n > 0 ? ", pid " : "", n > 0 ? (int)strcspn(owner, "\n") : 0, owner);
        }
        if (names_the_file(path, fd)) {
            if (ftruncate(fd, 0) == 0)
                dprintf(fd, "%ld\n", (long)getpid());
            p->lock_fd = fd;
            return S7_OK;
        }
        close(fd);
    }
}

s7_status plant_file_lock(plant *p, struct plant_error *error)
{
    p->lock_path = lock_path(p);
    if (p->lock_path == NULL)
        return plant_fail(error, errno == ENOMEM ? S7_E_NOMEM : S7_E_PLANT_IO, "%s: %s", p->path,
                          strerror(errno));
    return lock_side_file(p, p->lock_path, error);
}

void plant_file_unlock(plant *p)
{
    if (p->lock_fd >= 0) {
        if (names_the_file(p->lock_path, p->lock_fd))
            unlink(p->lock_path);
        close(p->lock_fd);
        p->lock_fd = -1;
    }
    free(p->lock_path);
    p->lock_path = NULL;
}

s7_status plant_file_identify(plant *p)
{
    struct stat st;

    if (stat(p->path, &st) != 0)
        return plant_fail(&p->last_error, S7_E_PLANT_IO, "%s: %s", p->path, strerror(errno));
    p->device = st.st_dev;
    p->inode = st.st_ino;
    return S7_OK;
}

bool plant_file_is_same(const plant *p)
{
    struct stat st;

    return stat(p->path, &st) == 0 && st.st_dev == p->device && st.st_ino == p->inode;
}
