#include "idmap.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define IDS 256

static uint32_t next_random(void)
{
    static uint64_t x = 88172645463325252U;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 32);
}

/* Ids of both signs with gaps, so that neighbours differ. */
static int64_t id_of(uint32_t slot)
{
    return ((int64_t)slot - IDS / 2) * 1000000007;
}

static void check(const struct idmap *map, void *const model[IDS], unsigned step)
{
    size_t live = 0, in_model = 0;

    for (size_t i = 0; i < map->len; i++) {
        live += map->entries[i].object != NULL;
        if (i > 0 && map->entries[i - 1].id >= map->entries[i].id)
            fail_msg("step %u: entries %zu and %zu are out of order", step, i - 1, i);
    }
    for (uint32_t slot = 0; slot < IDS; slot++) {
        in_model += model[slot] != NULL;
        if (idmap_find(map, id_of(slot)) != model[slot])
            fail_msg("step %u: id %lld is wrong", step, (long long)id_of(slot));
        assert_null(idmap_find(map, id_of(slot) + 1));
    }
    assert_int_equal(live, in_model);
    assert_int_equal(map->len - live, map->n_removed);
    assert_true(map->n_removed <= map->len / 2);
}

static void random_operations_agree_with_a_plain_array(void **state)
{
    static char objects[16];
    struct idmap map = {0};
    void *model[IDS] = {NULL};

    (void)state;
    for (unsigned step = 0; step < 20000; step++) {
        uint32_t slot = next_random() % IDS, what = next_random() % (step / 2000 % 2 == 0 ? 3 : 5);
        if (what < 2) {
            model[slot] = &objects[next_random() % sizeof objects];
            assert_true(idmap_put(&map, id_of(slot), model[slot]));
        } else {
            model[slot] = NULL;
            idmap_remove(&map, id_of(slot));
        }
        if (step % 50 == 0)
            check(&map, model, step);
    }
    for (uint32_t slot = 0; slot < IDS; slot++)
        idmap_remove(&map, id_of(slot));
    assert_int_equal(map.len, 0);
    idmap_free(&map);
    assert_null(idmap_find(&map, 0));
}

static void the_extreme_ids_are_ids_like_others(void **state)
{
    struct idmap map = {0};
    int a, b;

    (void)state;
    assert_true(idmap_put(&map, INT64_MAX, &a));
    assert_true(idmap_put(&map, INT64_MIN, &b));
    assert_ptr_equal(idmap_find(&map, INT64_MAX), &a);
    assert_ptr_equal(idmap_find(&map, INT64_MIN), &b);
    assert_null(idmap_find(&map, 0));
    idmap_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_a_plain_array),
        cmocka_unit_test(the_extreme_ids_are_ids_like_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
