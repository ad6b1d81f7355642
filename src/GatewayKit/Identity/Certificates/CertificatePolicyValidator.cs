using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Certificates;

[OptionsValidator]
internal sealed partial class CertificatePolicyValidator : IValidateOptions<CertificatePolicy>;
