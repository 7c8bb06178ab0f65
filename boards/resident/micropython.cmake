# Read by MicroPython's py/usermod.cmake for a folder in USER_C_MODULES; for `make` it is micropython.mk.
add_library(usermod_resident INTERFACE)
target_sources(usermod_resident INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/none.c
    ${CMAKE_CURRENT_LIST_DIR}/resident.c)
target_include_directories(usermod_resident INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_options(usermod_resident INTERFACE
    -Wl,--wrap=mp_obj_new_module
    -Wl,--wrap=mp_make_function_from_proto_fun
    -Wl,--wrap=mp_load_build_class)
target_link_libraries(usermod INTERFACE usermod_resident)
