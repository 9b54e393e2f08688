#include "cinit.h"
#include <errno.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>

int cinit_vmware_call(struct cinit_vmware_registers *registers) {
    unsigned a, b, c, d;
    __cpuid(1, a, b, c, d);
    // CPUID leaf 1, ECX bit 31: there is a hypervisor. Its name is in leaf 0x40000000.
    if (!(c >> 31)) return -ENODEV;
    __cpuid(0x40000000, a, b, c, d);
    char name[12];
    memcpy(name, &b, 4);
    memcpy(name + 4, &c, 4);
    memcpy(name + 8, &d, 4);
    if (memcmp(name, "VMwareVMware", sizeof name) != 0) return -ENODEV;
    a = 0x564D5868;
    asm volatile("inl %%dx, %%eax"
                 : "+a"(a), "+b"(registers->b), "+c"(registers->c), "+d"(registers->d), "+S"(registers->si), "+D"(registers->di)
                 :
                 : "memory", "cc");
    return 0;
}
#else
int cinit_vmware_call(struct cinit_vmware_registers *registers) {
    (void)registers;
    return -ENOSYS;
}
#endif
