using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Consumers;

/// <summary>A clock that tells when somebody looks at it, so that something can happen at just that moment.</summary>
internal sealed class HookedTime : FakeTimeProvider
{
    public Action? Looked { get; set; }

    public override long GetTimestamp()
    {
        Looked?.Invoke();
        return base.GetTimestamp();
    }
}
