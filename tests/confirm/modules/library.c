/* The library that a module needs, and that is gone when it is imported. */
int needed_function(void) { return 1; }
