// What is constant of modules that stay is not made when `def` and `class` are run: it is in ROM already.
#include <string.h>
#include "py/bc.h"
#include "py/builtin.h"
#include "py/gc.h"
#include "py/runtime.h"
#include "resident.h"

#define MOST (64) // modules, as in in_rom.py

_Static_assert(sizeof(resident_object_t) == sizeof(mp_obj_fun_bc_t), "as a function of this MicroPython");
_Static_assert(offsetof(resident_object_t, context) == offsetof(mp_obj_fun_bc_t, context), "context");
_Static_assert(offsetof(resident_object_t, child_table) == offsetof(mp_obj_fun_bc_t, child_table), "child_table");
_Static_assert(offsetof(resident_object_t, bytecode) == offsetof(mp_obj_fun_bc_t, bytecode), "bytecode");

// The contexts lie outside the heap, where the collector does not look.
MP_REGISTER_ROOT_POINTER(mp_obj_dict_t * resident_globals[64]);

mp_obj_t __real_mp_obj_new_module(qstr name);
mp_obj_t __real_mp_make_function_from_proto_fun(
    mp_proto_fun_t proto, const mp_module_context_t *context, const mp_obj_t *defaults);
mp_obj_t __real_mp_load_build_class(void);

mp_obj_t __wrap_mp_obj_new_module(qstr name) {
    for (size_t i = 0; i < MOST && resident_names[i] != NULL; i++) {
        if (strcmp(resident_names[i], qstr_str(name)) == 0) {
            mp_obj_t made = __real_mp_obj_new_module(name);
            mp_module_context_t *context = &resident_contexts[i];
            if (made != MP_OBJ_FROM_PTR(context)) {
                // As it is in sys.modules from now on; again after a start that failed, or a soft reset.
                *context = *(mp_module_context_t *)MP_OBJ_TO_PTR(made);
                mp_map_lookup(&MP_STATE_VM(mp_loaded_modules_dict).map, MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP)->value =
                    MP_OBJ_FROM_PTR(context);
                m_del_obj(mp_module_context_t, MP_OBJ_TO_PTR(made));
                MP_STATE_VM(resident_globals)[i] = context->module.globals;
            }
            return MP_OBJ_FROM_PTR(context);
        }
    }
    return __real_mp_obj_new_module(name);
}

mp_obj_t __wrap_mp_make_function_from_proto_fun(
    mp_proto_fun_t proto, const mp_module_context_t *context, const mp_obj_t *defaults) {
    uintptr_t place = (uintptr_t)proto - (uintptr_t)resident_functions;
    if (place < resident_functions_count * sizeof(resident_function_t)
        && (defaults == NULL || (defaults[0] == MP_OBJ_NULL && defaults[1] == MP_OBJ_NULL))) {
        const resident_function_t *found = proto;
        if (found->function.context == context) {
            return MP_OBJ_FROM_PTR(&found->function);
        }
    }
    return __real_mp_make_function_from_proto_fun(proto, context, defaults);
}

// Whether a function, property or staticmethod of a class that was made is what ROM has in its place.
static bool is_same(mp_obj_t made, mp_obj_t kept) {
    if (made == kept) {
        return true;
    }
    if (!mp_obj_is_obj(made) || !mp_obj_is_obj(kept)) {
        return false;
    }
    const mp_obj_type_t *type = ((mp_obj_base_t *)MP_OBJ_TO_PTR(made))->type;
    if (((mp_obj_base_t *)MP_OBJ_TO_PTR(kept))->type != type) {
        return false;
    }
    if (type == &mp_type_fun_bc || type == &mp_type_gen_wrap) {
        const mp_obj_fun_bc_t *a = MP_OBJ_TO_PTR(made);
        const mp_obj_fun_bc_t *b = MP_OBJ_TO_PTR(kept);
        if (a->context != b->context || a->child_table != b->child_table || a->bytecode != b->bytecode) {
            return false;
        }
        const byte *ip = a->bytecode;
        MP_BC_PRELUDE_SIG_DECODE(ip);
        (void)n_state;
        (void)n_exc_stack;
        (void)n_pos_args;
        (void)n_kwonly_args;
        return (scope_flags & MP_SCOPE_FLAG_DEFKWARGS) == 0
               && memcmp(a->extra_args, b->extra_args, n_def_pos_args * sizeof(mp_obj_t)) == 0;
    }
    if (type == &mp_type_property) {
        const resident_property_t *a = MP_OBJ_TO_PTR(made);
        const resident_property_t *b = MP_OBJ_TO_PTR(kept);
        return is_same((mp_obj_t)a->proxy[0], (mp_obj_t)b->proxy[0]) && a->proxy[1] == b->proxy[1] && a->proxy[2] == b->proxy[2];
    }
    if (type == &mp_type_staticmethod) {
        const mp_obj_static_class_method_t *a = MP_OBJ_TO_PTR(made);
        const mp_obj_static_class_method_t *b = MP_OBJ_TO_PTR(kept);
        return is_same(a->fun, b->fun);
    }
    return false;
}

// The attributes in ROM of the class that `body` has made with those of `made`; NULL if it is none, or they are others.
static const mp_obj_dict_t *kept(mp_obj_t body, mp_obj_dict_t *made) {
    const resident_class_t *one = resident_classes;
    while (one->body != NULL && MP_OBJ_FROM_PTR(one->body) != body) {
        one++;
    }
    if (one->body == NULL || one->attributes->map.used != made->map.used) {
        return NULL;
    }
    for (size_t i = 0; i < made->map.alloc; i++) {
        if (mp_map_slot_is_filled(&made->map, i)) {
            mp_map_elem_t *found =
                mp_map_lookup((mp_map_t *)&one->attributes->map, made->map.table[i].key, MP_MAP_LOOKUP);
            if (found == NULL || !is_same(made->map.table[i].value, found->value)) {
                return NULL;
            }
        }
    }
    return one->attributes;
}

// As mp_builtin___build_class__, but for the attributes.
static mp_obj_t resident_build_class(size_t n_args, const mp_obj_t *args) {
    mp_obj_dict_t *before = mp_locals_get();
    mp_obj_t locals = mp_obj_new_dict(0);
    mp_locals_set(MP_OBJ_TO_PTR(locals));
    mp_obj_t cell = mp_call_function_0(args[0]);
    mp_locals_set(before);
    mp_obj_t meta = n_args == 2 ? MP_OBJ_FROM_PTR(&mp_type_type) : MP_OBJ_FROM_PTR(mp_obj_get_type(args[2]));
    mp_obj_dict_t *made = MP_OBJ_TO_PTR(locals);
    const mp_obj_dict_t *in_rom = kept(args[0], made);
    mp_obj_t meta_args[3] = {args[1], mp_obj_new_tuple(n_args - 2, args + 2), locals};
    if (in_rom != NULL) {
        // Nobody else has what was made: the body did nothing but store.
        mp_map_deinit(&made->map);
        m_del_obj(mp_obj_dict_t, made);
        meta_args[2] = MP_OBJ_FROM_PTR(in_rom);
    }
    mp_obj_t class = mp_call_function_n_kw(meta, 3, 0, meta_args);
    if (cell != mp_const_none) {
        mp_obj_cell_set(cell, class);
    }
    return class;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(resident_build_class_obj, 2, resident_build_class);

mp_obj_t __wrap_mp_load_build_class(void) {
    mp_obj_t found = __real_mp_load_build_class();
    return found == MP_OBJ_FROM_PTR(&mp_builtin___build_class___obj) ? MP_OBJ_FROM_PTR(&resident_build_class_obj) : found;
}
