//! One view of ELF, PE and Mach-O files: segments, relocations, imports, exports.
