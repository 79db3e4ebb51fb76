// What gotch v0.9.1 does not expose of libtorch. Handles are torch::Tensor*, as
// in gotch. Each function returns NULL when all went well, else a message that
// the caller frees.
#ifndef MMIBX_SHIM_H
#define MMIBX_SHIM_H
#include <stdint.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void *mx_tensor;

char *mx_init(int threads, int deterministic);
void mx_facts(int *threads, int *bf16, char *version, int version_len, char *isa, int isa_len);
char *mx_use_cuda(int *loaded, int *usable, char *gpu, int gpu_len);
char *mx_use_lazy(void);
char *mx_seed(uint64_t seed);

char *mx_from_data(mx_tensor *out, const void *data, const int64_t *dims, int ndims, int kind);
char *mx_full(mx_tensor *out, double value, const int64_t *dims, int ndims, int kind);
char *mx_number(double *out, mx_tensor t);
char *mx_read(mx_tensor t, void *out, size_t bytes);
char *mx_write(mx_tensor t, const void *data, size_t bytes);
char *mx_grad(mx_tensor *out, mx_tensor t);
char *mx_drop_grads(mx_tensor *params, int n);

char *mx_autocast(int on, int *was);
char *mx_drop_casts(void);
char *mx_grad_mode(int on, int *was);
char *mx_clip_grad_norm(double *norm, mx_tensor *params, int n, double max_norm);
char *mx_adamw(mx_tensor *params, mx_tensor *m, mx_tensor *v, mx_tensor *steps, int n,
               double lr, double beta1, double beta2, double weight_decay, double eps);

#ifdef __cplusplus
}
#endif
#endif
