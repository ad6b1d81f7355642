using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Addresses;

[OptionsValidator]
internal sealed partial class AddressPolicyValidator : IValidateOptions<AddressPolicy>;
