using GatewayKit.Auditing;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Cli;

/// <summary>Stands for the anchors that a program may add in code, where its file alone is looked at, and notes whether the file demands one.</summary>
internal sealed class UnknownAnchors : IAuditAnchor, IValidateOptions<AuditPolicy>
{
    private bool _isStrict;
    private bool _logsCheckpoints;

    public string Name => "(added in code)";

    /// <summary>Whether a route demands what only code could have added.</summary>
    public bool AreDemanded => _isStrict && !_logsCheckpoints;

    public void AddTo(GatewayBuilder gateway)
    {
        gateway.Services.AddSingleton<IAuditAnchor>(this);
        gateway.Services.AddSingleton<IValidateOptions<AuditPolicy>>(this);
        gateway.Services.PostConfigure<GatewayOptions>(options => _logsCheckpoints = options.Journal?.LogCheckpoints is true);
    }

    // Nothing is served, and nothing anchored.
    public ValueTask AnchorAsync(AuditCheckpoint checkpoint, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValidateOptionsResult Validate(string? name, AuditPolicy options)
    {
        _isStrict |= options.Delivery is AuditDelivery.Strict && options.Mode is not PolicyMode.Off;
        return ValidateOptionsResult.Success;
    }
}
