//go:build torch

#include "shim.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <dlfcn.h>
#include <malloc.h>
#include <torch/csrc/jit/python/update_graph_executor_opt.h>
#include <torch/csrc/lazy/core/lazy_graph_executor.h>
#include <torch/csrc/lazy/ts_backend/ts_backend_impl.h>
#include <torch/cuda.h>
#include <torch/version.h>

namespace {

// Where this process makes its tensors. It is set before the first of them.
at::Device device = at::kCPU;

at::Tensor &at_(mx_tensor t) { return *static_cast<at::Tensor *>(t); }

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

// A lazy device notes operations until a number is asked for. All that wait are
// computed then, so that none is computed twice.
void settle() {
  if (device.is_lazy())
    torch::lazy::LazyGraphExecutor::Get()->SyncLiveTensorsGraph(nullptr, {}, true);
}

std::vector<at::Tensor> copies(const std::vector<at::Tensor> &tensors) {
  std::vector<at::Tensor> out;
  for (const auto &t : tensors)
    out.push_back(t.detach().cpu());
  return out;
}

// The driver's name for the GPU that CUDA counts as the first, "" where it tells none.
void name_gpu(char *gpu, int len) {
  gpu[0] = 0;
  void *driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr)
    return;
  auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  auto get = reinterpret_cast<int (*)(int *, int)>(dlsym(driver, "cuDeviceGet"));
  auto name = reinterpret_cast<int (*)(char *, int, int)>(dlsym(driver, "cuDeviceGetName"));
  int first;
  if (init == nullptr || get == nullptr || name == nullptr || init(0) != 0 || get(&first, 0) != 0 || name(gpu, len, first) != 0)
    gpu[0] = 0;
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
    at::globalContext().setAllowTF32CuDNN(false); // float32 keeps its 24 bits on a GPU too
  });
}

void mx_facts(int *threads, int *bf16, char *version, int version_len, char *isa, int isa_len) {
  *threads = at::get_num_threads();
  *bf16 = multiplies_bf16();
  snprintf(version, version_len, "%s", TORCH_VERSION);
  snprintf(isa, isa_len, "%s", at::get_cpu_capability().c_str());
}

// Only torch_cpu is linked: loading torch_cuda registers the backend. libtorch looks
// for it once, so nothing may ask about CUDA before. cuBLAS is deterministic only with
// a workspace of its own, by this variable, which it reads when it starts. Where it is
// not loaded, the message is why; a message where it is comes from the driver.
char *mx_use_cuda(int *loaded, int *usable, char *gpu, int gpu_len) {
  *loaded = *usable = 0;
  return guard([&] {
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr)
      throw std::runtime_error(dlerror());
    *loaded = 1;
    *usable = torch::cuda::is_available();
    if (!*usable)
      return;
    name_gpu(gpu, gpu_len);
    device = at::Device(at::kCUDA, 0);
  });
}

char *mx_use_lazy() {
  return guard([&] {
    torch::lazy::InitTorchScriptBackend();
    torch::jit::setGraphExecutorOptimize(false); // most graphs are computed once
    device = at::kLazy;
  });
}

char *mx_seed(uint64_t seed) {
  return guard([&] { at::manual_seed(seed); });
}

char *mx_from_data(mx_tensor *out, const void *data, const int64_t *dims, int ndims, int kind) {
  *out = nullptr;
  return guard([&] {
    auto t = at::empty(at::IntArrayRef(dims, ndims), at::ScalarType(kind));
    if (t.numel() > 0)
      memcpy(t.data_ptr(), data, t.nbytes());
    *out = new at::Tensor(t.to(device)); // itself on the CPU
  });
}

char *mx_full(mx_tensor *out, double value, const int64_t *dims, int ndims, int kind) {
  *out = nullptr;
  return guard([&] {
    auto options = at::TensorOptions().dtype(at::ScalarType(kind)).device(device);
    *out = new at::Tensor(at::full(at::IntArrayRef(dims, ndims), value, options));
  });
}

char *mx_number(double *out, mx_tensor t) {
  return guard([&] {
    settle();
    *out = at_(t).item<double>();
  });
}

char *mx_read(mx_tensor t, void *out, size_t bytes) {
  return guard([&] {
    settle();
    auto c = at_(t).detach().to(at::kCPU).contiguous();
    if (c.nbytes() != bytes)
      throw std::runtime_error("the tensor has " + std::to_string(c.nbytes()) + " bytes, not " + std::to_string(bytes));
    memcpy(out, c.data_ptr(), bytes);
  });
}

char *mx_write(mx_tensor t, const void *data, size_t bytes) {
  return guard([&] {
    at::NoGradGuard no_grad;
    auto c = at::empty(at_(t).sizes(), at_(t).scalar_type());
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
      *out = new at::Tensor(g);
  });
}

// Gradients become undefined, never zero: AdamW decays a parameter with a zero
// gradient but leaves one without a gradient alone.
char *mx_drop_grads(mx_tensor *params, int n) {
  return guard([&] {
    for (int i = 0; i < n; i++)
      at_(params[i]).mutable_grad() = at::Tensor();
  });
}

// Lazy tensors have no autocast.
char *mx_autocast(int on, int *was) {
  return guard([&] {
    *was = 0;
    if (device.is_lazy() && !on)
      return;
    *was = at::autocast::is_autocast_enabled(device.type());
    at::autocast::set_autocast_enabled(device.type(), on);
    at::autocast::set_autocast_dtype(device.type(), at::kBFloat16);
  });
}

// The cache of cast weights goes when autocast is over; with it kept, the next step
// would compute with the weights of this one.
char *mx_drop_casts() {
  return guard([&] { at::autocast::clear_cache(); });
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
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> grads;
    for (int i = 0; i < n; i++)
      if (at_(params[i]).grad().defined())
        grads.push_back(at_(params[i]).grad());
    *norm = 0;
    if (grads.empty())
      return;
    auto all = at::linalg_vector_norm(at::stack(at::_foreach_norm(grads)));
    settle();
    *norm = all.item<double>();
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
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> p, g, ms, vs, vmax, s;
    for (int i = 0; i < n; i++) {
      if (!at_(params[i]).grad().defined())
        continue;
      // CUDA's kernel refuses what lies elsewhere; the copies below would hide it.
      for (const auto &t : {at_(params[i]).grad(), at_(m[i]), at_(v[i]), at_(steps[i])})
        TORCH_CHECK(t.device() == at_(params[i]).device(), "a parameter on ", at_(params[i]).device(),
                    " has a gradient or a state on ", t.device());
      p.push_back(at_(params[i]));
      g.push_back(at_(params[i]).grad());
      ms.push_back(at_(m[i]));
      vs.push_back(at_(v[i]));
      s.push_back(at_(steps[i]));
    }
    if (p.empty())
      return;
    at::_foreach_add_(s, 1);
    if (!device.is_lazy()) {
      at::_fused_adamw_(p, g, ms, vs, vmax, s, lr, beta1, beta2, weight_decay, eps, false, false);
      return;
    }
    // libtorch has it for no lazy tensors: copies on the CPU take their place.
    settle();
    auto pc = copies(p), gc = copies(g), mc = copies(ms), vc = copies(vs), sc = copies(s);
    at::_fused_adamw_(pc, gc, mc, vc, vmax, sc, lr, beta1, beta2, weight_decay, eps, false, false);
    for (size_t i = 0; i < p.size(); i++) {
      p[i].copy_(pc[i]);
      ms[i].copy_(mc[i]);
      vs[i].copy_(vc[i]);
    }
  });
}
