using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.RequestSignatures;

[OptionsValidator]
internal sealed partial class SignaturePolicyValidator : IValidateOptions<SignaturePolicy>;
