using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>The steps of one endpoint, ready to run. Immutable once built, shared by all requests.</summary>
internal sealed class TransformPlan : IForwardTransform
{
    private readonly List<Action<ForwardRequest>> _path = [];
    private readonly List<Action<ForwardRequest>> _request = [];
    private readonly List<(ResponseCondition When, Action<GatewayContext> Apply)> _response = [];
    private readonly List<(ResponseCondition When, Action<IHeaderDictionary> Apply)> _trailers = [];
    private Func<string, bool>? _keepsRequestHeader;
    private Func<string, bool>? _keepsResponseHeader;
    private Func<string, bool>? _keepsResponseTrailer;

    public TransformPlan(IReadOnlyList<Transform> steps)
    {
        Steps = steps;
        foreach (var step in steps)
        {
            step.AddTo(this);
        }

        ResponseStarting = context =>
        {
            ApplyToResponse((GatewayContext)context);
            return Task.CompletedTask;
        };
    }

    public IReadOnlyList<Transform> Steps { get; }

    /// <summary>One delegate for all requests, so that registering it costs no closure.</summary>
    public Func<object, Task> ResponseStarting { get; }

    public bool ChangesResponse => _response.Count > 0;

    public bool ChangesForwarding =>
        _path.Count + _request.Count + _trailers.Count > 0
        || _keepsRequestHeader is not null || _keepsResponseHeader is not null || _keepsResponseTrailer is not null;

    public void OnPath(Action<ForwardRequest> step) => _path.Add(step);

    public void OnRequest(Action<ForwardRequest> step) => _request.Add(step);

    public void OnResponse(ResponseCondition when, Action<GatewayContext> step) => _response.Add((when, step));

    public void OnTrailers(ResponseCondition when, Action<IHeaderDictionary> step) => _trailers.Add((when, step));

    public void KeepRequestHeaders(Func<string, bool> keep) => _keepsRequestHeader = And(_keepsRequestHeader, keep);

    public void KeepResponseHeaders(Func<string, bool> keep) =>
        _keepsResponseHeader = And(_keepsResponseHeader, name => keep(name) || MessageFields.AreKept(name));

    public void KeepResponseTrailers(Func<string, bool> keep) => _keepsResponseTrailer = And(_keepsResponseTrailer, keep);

    public void TransformRequest(ForwardRequest request)
    {
        if (_keepsRequestHeader is not null)
        {
            request.KeepHeaders(_keepsRequestHeader);
        }

        // Paths first: what they removed is known before a step writes X-Forwarded-Prefix.
        foreach (var step in _path)
        {
            step(request);
        }

        foreach (var step in _request)
        {
            step(request);
        }
    }

    public bool KeepsResponseHeader(string name) => _keepsResponseHeader is null || _keepsResponseHeader(name);

    public bool KeepsResponseTrailer(string name) => _keepsResponseTrailer is null || _keepsResponseTrailer(name);

    public void TransformTrailers(HttpContext httpContext, IHeaderDictionary trailers)
    {
        foreach (var (when, apply) in _trailers)
        {
            if (when.Holds(httpContext.Response.StatusCode))
            {
                apply(trailers);
            }
        }
    }

    private void ApplyToResponse(GatewayContext context)
    {
        foreach (var (when, apply) in _response)
        {
            if (when.Holds(context.HttpContext.Response.StatusCode))
            {
                apply(context);
            }
        }
    }

    private static Func<string, bool> And(Func<string, bool>? first, Func<string, bool> second) =>
        first is null ? second : name => first(name) && second(name);
}
