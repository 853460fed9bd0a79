/* The part of the NVIDIA driver's library that is asked, for a machine with two cards. */
#include <stdio.h>
#include <string.h>

struct memory { unsigned long long total, free, used; };

int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "570.124.06"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **card) { *card = (void *)(0x700000000000 + index); return 0; }
static unsigned long at(void *card) { return (unsigned long)card - 0x700000000000; }
int nvmlDeviceGetName(void *card, char *text, unsigned size) { snprintf(text, size, "Card %lu", at(card)); return 0; }
int nvmlDeviceGetUUID(void *card, char *text, unsigned size) { snprintf(text, size, "GPU-%lu", at(card)); return 0; }
int nvmlDeviceGetMemoryInfo(void *card, struct memory *m) { m->total = 1; m->free = 1ull << (33 + at(card)); m->used = 2; return 0; }
int nvmlDeviceGetCudaComputeCapability(void *card, int *major, int *minor) { *major = 7 + at(card); *minor = 5 + at(card); return 0; }
int nvmlDeviceGetMigMode(void *card, unsigned *now, unsigned *later) {
    if (at(card) == 0) return 3; /* not supported */
    *now = *later = 1;
    return 0;
}
