using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Certificates;

/// <summary>Looks at the start and on each reload whether the files of a policy are of use, and whether there are proxies that it could believe.</summary>
internal sealed class CertificateTrustCheck(CertificateTrusts trusts, TrustedPeers peers) : IValidateOptions<CertificatePolicy>
{
    public ValidateOptionsResult Validate(string? name, CertificatePolicy options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.Mode is PolicyMode.Off)
        {
            return ValidateOptionsResult.Success;
        }

        trusts.Get(options, out var faults);
        foreach (var fault in faults)
        {
            errors.AddError($"{nameof(options.Authorities)}: {fault}");
        }

        if (options.AcceptForwarded && !peers.Any)
        {
            errors.AddError($"{nameof(options.AcceptForwarded)} is true, and there are no {nameof(GatewayOptions.TrustedProxies)} whose word would count. Name them, or remove it.");
        }

        return errors.Build();
    }
}
