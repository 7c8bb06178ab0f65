// Of an image in which nothing was put into ROM. A file of its own: where the compiler sees a constant, it is that to it.
#include "resident.h"

__attribute__((weak)) mp_module_context_t resident_contexts[1];
__attribute__((weak)) const char *const resident_names[] = {NULL};
__attribute__((weak)) const resident_function_t resident_functions[1];
__attribute__((weak)) const size_t resident_functions_count = 0;
__attribute__((weak)) const resident_class_t resident_classes[] = {{NULL, NULL}};
