/* Which files are scenarios, and which of them are in a part. */
#include "scenarios/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct list {
    char **at;
    size_t n, cap;
};

static bool add(struct list *list, const char *folder, const char *name)
{
    size_t len = strlen(folder) + strlen(name) + 2;

    if (list->n + 1 >= list->cap) {
        size_t cap = list->cap == 0 ? 16 : list->cap * 2;
        char **at = realloc(list->at, cap * sizeof *at);
        if (at == NULL)
            return false;
        list->at = at;
        list->cap = cap;
    }
    char *path = malloc(len);
    if (path == NULL)
        return false;
    size_t folder_len = strlen(folder);
    bool slash = folder_len > 0 && folder[folder_len - 1] != '/';
    snprintf(path, len, "%s%s%s", folder, slash ? "/" : "", name);
    list->at[list->n++] = path;
    list->at[list->n] = NULL;
    return true;
}

static bool is_scenario(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && name[0] != '.' && strcmp(name + len - 4, ".lua") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_folder(struct list *list, const char *folder)
{
    DIR *dir = opendir(folder);
    size_t first = list->n;
    bool good = dir != NULL;

    for (struct dirent *entry; good && (entry = readdir(dir)) != NULL;)
        if (is_scenario(entry->d_name))
            good = add(list, folder, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    if (list->n > first)
        qsort(list->at + first, list->n - first, sizeof list->at[0], by_name);
    return good;
}

static bool add_path(struct list *list, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    return S_ISDIR(st.st_mode) ? add_folder(list, path) : add(list, "", path);
}

char **sc_find_files(const char *const *paths, size_t n_paths, char *error, size_t cap)
{
    struct list list = {NULL, 0, 0};

    for (size_t i = 0; i < n_paths; i++) {
        errno = ENOMEM;
        if (!add_path(&list, paths[i])) {
            snprintf(error, cap, "%s: %s", paths[i], strerror(errno));
            sc_free_files(list.at);
            return NULL;
        }
    }
    if (list.at == NULL) {
        list.at = calloc(1, sizeof *list.at);
        snprintf(error, cap, "out of memory");
    }
    return list.at;
}

void sc_free_files(char **files)
{
    for (size_t i = 0; files != NULL && files[i] != NULL; i++)
        free(files[i]);
    free(files);
}

void sc_take_part(char **files, uint32_t part, uint32_t n_parts)
{
    size_t kept = 0;

    for (size_t i = 0; files[i] != NULL; i++)
        if (i % n_parts == part - 1)
            files[kept++] = files[i];
        else
            free(files[i]);
    files[kept] = NULL;
}
