#include "http/method.h"

static const struct text names[] = {
#define X(name) [HTTP_##name] = {#name, sizeof #name - 1},
    HTTP_METHODS(X)
#undef X
};

struct text http_method_name(enum http_method method)
{
    return names[method];
}

bool http_method_find(struct text t, enum http_method *method_out)
{
    for (int i = 0; i < HTTP_METHOD_COUNT; i++)
        if (text_eq(t, names[i])) {
            *method_out = (enum http_method)i;
            return true;
        }
    return false;
}

bool http_method_idempotent(enum http_method method)
{
    return method != HTTP_POST && method != HTTP_PATCH;
}
