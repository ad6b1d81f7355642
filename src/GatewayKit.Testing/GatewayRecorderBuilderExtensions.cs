using GatewayKit.Pipeline;
using GatewayKit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit;

/// <summary>Adds a recorder to a gateway under test.</summary>
public static class GatewayRecorderBuilderExtensions
{
    /// <summary>Records what the gateway decides about each request.</summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned; calling that again in a test gives the gateway of the app.</param>
    /// <returns>The recorder. Each call adds one of its own.</returns>
    public static GatewayRecorder RecordDecisions(this GatewayBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var recorder = new GatewayRecorder();
        builder.Services.AddSingleton<IGatewayObserver>(new RecordingObserver(recorder));
        return recorder;
    }
}
