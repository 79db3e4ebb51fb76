//go:build torch

#include "shim.h"

#include <ATen/autocast_mode.h>
#include <dlfcn.h>
#include <malloc.h>
#include <torch/torch.h>
#include <torch/version.h>

namespace {

torch::Tensor &at_(mx_tensor t) { return *static_cast<torch::Tensor *>(t); }

bool multiplies_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

template <typename F> char *guard(F f) {
  try {
    f();
    return nullptr;
  } catch (const c10::Error &e) {
    return strdup(e.what_without_backtrace());
  } catch (const std::exception &e) {
    return strdup(e.what());
  } catch (...) {
    return strdup("an exception that is not a std::exception");
  }
}

} // namespace

// The heap settings save page faults: large blocks come from the heap and stay
// there, and one arena serves all threads. They only work before the first tensor.
char *mx_init(int threads, int deterministic) {
  return guard([&] {
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT32_MAX);
    mallopt(M_ARENA_MAX, 1);
    if (threads > 0)
      at::set_num_threads(threads);
    at::globalContext().setDeterministicAlgorithms(deterministic, false);
  });
}

void mx_facts(int *threads, int *bf16, int *cuda, char *version, int version_len, char *isa, int isa_len) {
  *threads = at::get_num_threads();
  *bf16 = multiplies_bf16();
  *cuda = at::hasCUDA();
  snprintf(version, version_len, "%s", TORCH_VERSION);
  snprintf(isa, isa_len, "%s", at::get_cpu_capability().c_str());
}

// Only torch_cpu is linked: loading torch_cuda registers the backend.
char *mx_load_cuda(int *available) {
  return guard([&] {
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr)
      throw std::runtime_error(dlerror());
    *available = torch::cuda::is_available();
  });
}

char *mx_seed(uint64_t seed) {
  return guard([&] { torch::manual_seed(seed); });
}

char *mx_from_data(mx_tensor *out, const void *data, const int64_t *dims, int ndims, int kind) {
  *out = nullptr;
  return guard([&] {
    auto t = torch::empty(at::IntArrayRef(dims, ndims), at::ScalarType(kind));
    if (t.numel() > 0)
      memcpy(t.data_ptr(), data, t.nbytes());
    *out = new torch::Tensor(t);
  });
}

char *mx_read(mx_tensor t, void *out, size_t bytes) {
  return guard([&] {
    auto c = at_(t).detach().to(at::kCPU).contiguous();
    if (c.nbytes() != bytes)
      throw std::runtime_error("the tensor has " + std::to_string(c.nbytes()) + " bytes, not " + std::to_string(bytes));
    memcpy(out, c.data_ptr(), bytes);
  });
}

char *mx_write(mx_tensor t, const void *data, size_t bytes) {
  return guard([&] {
    torch::NoGradGuard no_grad;
    auto c = torch::empty(at_(t).sizes(), at_(t).scalar_type());
    if (c.nbytes() != bytes)
      throw std::runtime_error("the tensor has " + std::to_string(c.nbytes()) + " bytes, not " + std::to_string(bytes));
    memcpy(c.data_ptr(), data, bytes);
    at_(t).copy_(c);
  });
}

char *mx_grad(mx_tensor *out, mx_tensor t) {
  *out = nullptr;
  return guard([&] {
    auto g = at_(t).grad();
    if (g.defined())
      *out = new torch::Tensor(g);
  });
}

// Gradients become undefined, never zero: AdamW decays a parameter with a zero
// gradient but leaves one without a gradient alone.
char *mx_drop_grads(mx_tensor *params, int n) {
  return guard([&] {
    for (int i = 0; i < n; i++)
      at_(params[i]).mutable_grad() = torch::Tensor();
  });
}

// Leaving autocast drops its cache of cast weights; with the cache kept, the
// next step would compute with the weights of this one.
char *mx_autocast(int on, int *was) {
  return guard([&] {
    *was = at::autocast::is_autocast_enabled(at::kCPU);
    at::autocast::set_autocast_enabled(at::kCPU, on);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    if (!on)
      at::autocast::clear_cache();
  });
}

char *mx_grad_mode(int on, int *was) {
  return guard([&] {
    *was = at::GradMode::is_enabled();
    at::GradMode::set_enabled(on);
  });
}

// As torch.nn.utils.clip_grad_norm_: the norm of all gradients together, and
// each scaled by max_norm / (norm + 1e-6) where that is below 1.
char *mx_clip_grad_norm(double *norm, mx_tensor *params, int n, double max_norm) {
  return guard([&] {
    torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> grads;
    for (int i = 0; i < n; i++)
      if (at_(params[i]).grad().defined())
        grads.push_back(at_(params[i]).grad());
    *norm = 0;
    if (grads.empty())
      return;
    *norm = torch::linalg_vector_norm(torch::stack(at::_foreach_norm(grads))).item<double>();
    if (max_norm <= 0)
      return;
    double scale = max_norm / (*norm + 1e-6);
    if (scale < 1)
      at::_foreach_mul_(grads, scale);
  });
}

char *mx_adamw(mx_tensor *params, mx_tensor *m, mx_tensor *v, mx_tensor *steps, int n,
               double lr, double beta1, double beta2, double weight_decay, double eps) {
  return guard([&] {
    torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> p, g, ms, vs, vmax, s;
    for (int i = 0; i < n; i++) {
      if (!at_(params[i]).grad().defined())
        continue;
      p.push_back(at_(params[i]));
      g.push_back(at_(params[i]).grad());
      ms.push_back(at_(m[i]));
      vs.push_back(at_(v[i]));
      s.push_back(at_(steps[i]));
    }
    if (p.empty())
      return;
    at::_foreach_add_(s, 1);
    at::_fused_adamw_(p, g, ms, vs, vmax, s, lr, beta1, beta2, weight_decay, eps, false, false);
  });
}
