using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Tests.Auditing;

/// <summary>As a server's: it says when all is done.</summary>
internal sealed class OpenAnswer : HttpResponseFeature, IHttpResponseFeature
{
    public Func<Task>? Completed { get; private set; }

    void IHttpResponseFeature.OnCompleted(Func<object, Task> callback, object state) => Completed = () => callback(state);
}
