// What in_rom.py writes: functions and classes' attributes of modules that are never let go, as the objects that they
// are in Python.
#ifndef HOLDFAST_RESIDENT_H
#define HOLDFAST_RESIDENT_H

#include "py/emitglue.h"
#include "py/objfun.h"

// An mp_obj_fun_bc_t without values of arguments: that type ends with an array, and can be no element of one.
typedef struct {
    mp_obj_base_t base;
    const mp_module_context_t *context;
    struct _mp_raw_code_t *const *child_table;
    const byte *bytecode;
} resident_object_t;

typedef struct {
    mp_raw_code_truncated_t code;
    resident_object_t function;
} resident_function_t;

// As in py/objproperty.c, which keeps it to itself.
typedef struct {
    mp_obj_base_t base;
    mp_rom_obj_t proxy[3];
} resident_property_t;

typedef struct {
    const resident_object_t *body; // of the class, the function that is run to make it
    const mp_obj_dict_t *attributes;
} resident_class_t;

extern mp_module_context_t resident_contexts[];
extern const char *const resident_names[]; // of their modules; the last one is NULL
extern const resident_function_t resident_functions[];
extern const size_t resident_functions_count;
extern const resident_class_t resident_classes[]; // the last one has no body

#endif
