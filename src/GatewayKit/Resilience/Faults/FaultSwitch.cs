using GatewayKit.Pipeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Faults;

/// <summary>Refuses faults that nobody allowed on this host, and those that would stay for ever or that strangers could ask for.</summary>
internal sealed class FaultSwitch(IOptions<GatewayOptions> host, IHostEnvironment? environment = null) : IValidateOptions<FaultPolicy>
{
    public ValidateOptionsResult Validate(string? name, FaultPolicy options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.Mode is PolicyMode.Off)
        {
            return ValidateOptionsResult.Success;
        }

        if (!host.Value.FaultInjection)
        {
            errors.AddError($"Faults are not allowed on this host. Set {nameof(GatewayOptions)}.{nameof(GatewayOptions.FaultInjection)} (\"{nameof(GatewayOptions.FaultInjection)}\": true beside Routes) where they are meant, or remove the policy.");
        }

        if (options.Until is null && environment?.IsDevelopment() is not true)
        {
            errors.AddError($"{nameof(FaultPolicy.Until)} is absent; outside Development it says when faults end by themselves. Give it a date and time such as \"2030-01-31T12:00:00Z\".");
        }

        foreach (var network in options.From)
        {
            if (host.Value.TrustedProxies.Any(proxies => proxies.Contains(network.BaseAddress) || network.Contains(proxies.BaseAddress)))
            {
                errors.AddError($"{nameof(FaultPolicy.From)} has '{network}', where proxies of {nameof(GatewayOptions)}.{nameof(GatewayOptions.TrustedProxies)} are: any client behind them could ask for faults. Name other networks.");
            }
        }

        return errors.Build();
    }
}
